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
{{- if and .Values.web.enabled .Values.web.ingress.enabled (not .Values.web.ingress.hosts) -}}
{{- fail "web.ingress.enabled is true but web.ingress.hosts is empty; give the host under which people open the page" -}}
{{- end -}}
{{- if and .Values.web.enabled .Values.web.ingress.enabled .Values.web.tls.existingSecret -}}
{{- fail "web.tls.existingSecret serves HTTPS from the pod, which the ingress of this chart does not speak to; use web.ingress.tlsSecret, or bring an ingress of your own" -}}
{{- end -}}
{{- end -}}
