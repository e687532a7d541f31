{{/* The release's name with the chart's, unless it says so already; 52 characters leave room for suffixes. */}}
{{- define "octokube-agent.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "octokube-agent.selectorLabels" -}}
app.kubernetes.io/name: octokube-agent
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "octokube-agent.labels" -}}
{{ include "octokube-agent.selectorLabels" . }}
app.kubernetes.io/component: agent
app.kubernetes.io/part-of: octokube
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "octokube-agent.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "octokube-agent.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is empty and serviceAccount.create is false; give the name of a ServiceAccount that exists" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "octokube-agent.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "octokube-agent.credentialSecret" -}}
{{- if .Values.credential.existingSecret -}}
{{- .Values.credential.existingSecret -}}
{{- else -}}
{{- printf "%s-credential" (include "octokube-agent.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* Not empty when the agent enrols. */}}
{{- define "octokube-agent.enrols" -}}
{{- if or .Values.enrolment.token .Values.enrolment.existingSecret -}}yes{{- end -}}
{{- end -}}

{{- define "octokube-agent.enrolmentSecret" -}}
{{- .Values.enrolment.existingSecret | default (printf "%s-enrolment" (include "octokube-agent.fullname" .)) -}}
{{- end -}}

{{- define "octokube-agent.identitySecret" -}}
{{- printf "%s-identity" (include "octokube-agent.fullname" .) -}}
{{- end -}}

{{/* Stops with one sentence at the first value that cannot work; the schema has looked at types and names before. */}}
{{- define "octokube-agent.check" -}}
{{- $_ := required "cluster is empty; give the cluster's name as policy uses it, such as --set cluster=prod-eu" .Values.cluster -}}
{{- $_ := required "hub.address is empty; give the hub's host:port, such as --set hub.address=hub.example.com:7443" .Values.hub.address -}}
{{- $ways := compact (list .Values.enrolment.token .Values.enrolment.existingSecret .Values.credential.existingSecret .Values.credential.value) -}}
{{- if gt (len $ways) 1 -}}
{{- fail "more than one of enrolment.token, enrolment.existingSecret, credential.existingSecret and credential.value is given; give one of them" -}}
{{- else if not $ways -}}
{{- fail "no enrolment token is given; make one with: octokube agent enroll --cluster NAME, and give it with enrolment.token or enrolment.existingSecret" -}}
{{- end -}}
{{- if and .Values.hub.ca.existingConfigMap .Values.hub.ca.existingSecret -}}
{{- fail "both hub.ca.existingConfigMap and hub.ca.existingSecret are given; give one of them" -}}
{{- end -}}
{{- if and .Values.hub.allowInsecure (or .Values.hub.ca.existingConfigMap .Values.hub.ca.existingSecret) -}}
{{- fail "hub.allowInsecure asks for plain text and hub.ca for TLS; give one of them" -}}
{{- end -}}
{{- end -}}

{{/* The operations that are allowed, profiles resolved: sorted, separated by commas. */}}
{{- define "octokube-agent.operations" -}}
{{- $table := .Files.Get "files/operations.yaml" | fromYaml -}}
{{- $found := list -}}
{{- range .Values.operations.allowed -}}
{{- if hasKey $table.profiles . -}}
{{- $found = concat $found (get $table.profiles .) -}}
{{- else if hasKey $table.rights . -}}
{{- $found = append $found . -}}
{{- else -}}
{{- fail (printf "operations.allowed names %q; there are the profiles %s, and %s" . (keys $table.profiles | sortAlpha | join ", ") (keys $table.rights | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | join "," -}}
{{- end -}}

{{/* The rules that these operations take, as YAML; equal to rules_for of the agent, which a test shows. */}}
{{- define "octokube-agent.operationRules" -}}
{{- $table := .Files.Get "files/operations.yaml" | fromYaml -}}
{{- $own := .Values.operations.types -}}
{{- $together := dict -}}
{{- range splitList "," (include "octokube-agent.operations" .) -}}
{{- range get $table.rights . -}}
{{- $right := . -}}
{{- $types := list -}}
{{- range .types -}}
{{- if eq . "own" -}}{{- $types = concat $types $own -}}{{- else -}}{{- $types = append $types . -}}{{- end -}}
{{- end -}}
{{- range $types -}}
{{- $parts := splitn "." 2 . -}}
{{- $group := default "" $parts._1 -}}
{{- if eq . "*" -}}{{- $group = "*" -}}{{- end -}}
{{- $resource := ternary (printf "%s/%s" $parts._0 $right.subresource) $parts._0 (ne $right.subresource "") -}}
{{- $key := printf "%s|%s" $group ($right.verbs | sortAlpha | join ",") -}}
{{- $_ := set $together $key (append (default list (get $together $key)) $resource) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := keys $together | sortAlpha }}
{{- $parts := splitn "|" 2 $key }}
- apiGroups: [{{ $parts._0 | quote }}]
  resources: {{ get $together $key | uniq | sortAlpha | toJson }}
  verbs: {{ splitList "," $parts._1 | toJson }}
{{- end }}
{{- if .Values.operations.impersonate }}
- apiGroups: [""]
  resources: [groups, users]
  verbs: [impersonate]
{{- end }}
{{- end -}}

{{/* The rest of a binding of the operations' role: takes a dict of name and context. */}}
{{- define "octokube-agent.operationBinding" }}
  labels:
    {{- include "octokube-agent.labels" .context | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .name }}-operations
subjects:
  - kind: ServiceAccount
    name: {{ include "octokube-agent.serviceAccountName" .context }}
    namespace: {{ .context.Release.Namespace }}
{{- end -}}
