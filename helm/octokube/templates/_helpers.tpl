{{/* The release's name with the chart's, unless it says so already; 52 characters leave room for suffixes. */}}
{{- define "octokube.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "component" "hub"). */}}
{{- define "octokube.selectorLabels" -}}
app.kubernetes.io/name: octokube-{{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "octokube.labels" -}}
{{ include "octokube.selectorLabels" . }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: octokube
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "octokube.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "octokube.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is empty and serviceAccount.create is false; give the name of a ServiceAccount that exists" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "image" .Values.hub.image). */}}
{{- define "octokube.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "octokube.policiesConfigMap" -}}
{{- default (printf "%s-policies" (include "octokube.fullname" .)) .Values.policies.existingConfigMap -}}
{{- end -}}

{{/* Not empty when the gateway has a certificate of its own. */}}
{{- define "octokube.webEnrols" -}}
{{- or .Values.web.enrolment.token .Values.web.enrolment.existingSecret -}}
{{- end -}}

{{- define "octokube.webEnrolmentSecret" -}}
{{- default (printf "%s-web-enrolment" (include "octokube.fullname" .)) .Values.web.enrolment.existingSecret -}}
{{- end -}}

{{- define "octokube.webStateClaim" -}}
{{- default (printf "%s-web-state" (include "octokube.fullname" .)) .Values.web.enrolment.persistence.existingClaim -}}
{{- end -}}

{{/* Takes (dict "root" $ "part" .Values.hub): what both pods say about where they run. */}}
{{- define "octokube.placement" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Takes (dict "root" $ "path" "/livez"): how the kubelet asks the hub. */}}
{{- define "octokube.hubProbe" -}}
{{- if .root.Values.hub.metrics.enabled -}}
httpGet:
  path: {{ .path }}
  port: metrics
{{- else -}}
tcpSocket:
  port: grpc
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "once" true): git-sync, which keeps /git/current at the newest commit by swapping a link. */}}
{{- define "octokube.gitSync" -}}
{{- $git := .root.Values.policies.git -}}
image: {{ include "octokube.image" (dict "root" .root "image" $git.image) }}
imagePullPolicy: {{ $git.image.pullPolicy }}
args:
  - {{ printf "--repo=%s" $git.repository | quote }}
  - {{ printf "--ref=%s" $git.ref | quote }}
  - --root=/git
  - --link=current
  - --depth=1
  {{- if .once }}
  - --one-time
  {{- else }}
  - --period={{ $git.periodSeconds }}s
  - --max-failures=-1
  {{- end }}
  {{- if $git.sshSecret }}
  - --ssh-key-file=/etc/git-ssh/ssh-privatekey
  - --ssh-known-hosts-file=/etc/git-ssh/known_hosts
  {{- end }}
{{- with $git.credentialsSecret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml $git.resources | nindent 2 }}
volumeMounts:
  - name: git
    mountPath: /git
  - name: tmp
    mountPath: /tmp
  {{- if $git.sshSecret }}
  - name: git-ssh
    mountPath: /etc/git-ssh
    readOnly: true
  {{- end }}
{{- end -}}

{{/* Stops with one sentence at the first value that cannot work; the schema has looked at types and names before. */}}
{{- define "octokube.check" -}}
{{- if and .Values.hub.tls.existingSecret .Values.hub.allowPlaintext -}}
{{- fail "both hub.tls.existingSecret and hub.allowPlaintext are given; give one of them" -}}
{{- else if not (or .Values.hub.tls.existingSecret .Values.hub.allowPlaintext) -}}
{{- fail "the hub has no certificate; name a Secret of type kubernetes.io/tls with hub.tls.existingSecret, or accept plain text with hub.allowPlaintext=true" -}}
{{- end -}}
{{- if and .Values.hub.persistence.existingClaim (not .Values.hub.persistence.enabled) -}}
{{- fail "hub.persistence.existingClaim is given but hub.persistence.enabled is false; set it to true or remove the claim" -}}
{{- end -}}
{{- if and .Values.web.enrolment.token .Values.web.enrolment.existingSecret -}}
{{- fail "both web.enrolment.token and web.enrolment.existingSecret are given; give one of them" -}}
{{- end -}}
{{- if and .Values.policies.git.repository .Values.policies.existingConfigMap -}}
{{- fail "both policies.git.repository and policies.existingConfigMap are given; give one of them" -}}
{{- end -}}
{{- if and .Values.web.enabled .Values.web.ingress.enabled (not .Values.web.ingress.hosts) -}}
{{- fail "web.ingress.enabled is true but web.ingress.hosts is empty; give the host under which people open the page" -}}
{{- end -}}
{{- if and .Values.web.enabled .Values.web.ingress.enabled .Values.web.tls.existingSecret -}}
{{- fail "web.tls.existingSecret serves HTTPS from the pod, which the ingress of this chart does not speak to; use web.ingress.tlsSecret, or bring an ingress of your own" -}}
{{- end -}}
{{- end -}}
