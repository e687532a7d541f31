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

{{/* Stops with one sentence at the first value that cannot work; the schema has looked at types and names before. */}}
{{- define "octokube-agent.check" -}}
{{- $_ := required "cluster is empty; give the cluster's name as policy uses it, such as --set cluster=prod-eu" .Values.cluster -}}
{{- $_ := required "hub.address is empty; give the hub's host:port, such as --set hub.address=hub.example.com:7443" .Values.hub.address -}}
{{- if and .Values.credential.existingSecret .Values.credential.value -}}
{{- fail "both credential.existingSecret and credential.value are given; give one of them" -}}
{{- else if not (or .Values.credential.existingSecret .Values.credential.value) -}}
{{- fail "no credential is given; name a Secret with credential.existingSecret (the hub issues one with: octokube-hub agent-credential create CLUSTER)" -}}
{{- end -}}
{{- if and .Values.hub.ca.existingConfigMap .Values.hub.ca.existingSecret -}}
{{- fail "both hub.ca.existingConfigMap and hub.ca.existingSecret are given; give one of them" -}}
{{- end -}}
{{- if and .Values.hub.allowInsecure (or .Values.hub.ca.existingConfigMap .Values.hub.ca.existingSecret) -}}
{{- fail "hub.allowInsecure asks for plain text and hub.ca for TLS; give one of them" -}}
{{- end -}}
{{- end -}}
