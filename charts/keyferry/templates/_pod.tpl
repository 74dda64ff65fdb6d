{{/* What the Deployment's pod is made of: image, security settings, arguments, probes. */}}

{{- define "keyferry.image" -}}
{{- printf "%s:%s" (default .Values.image.repository .Values.global.repository) (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}

{{/* A security context without ESO's `enabled` switch and, on OpenShift, without the ids that it assigns itself.
Takes (list context securityContext). */}}
{{- define "keyferry.securityContext" -}}
{{- $context := index . 0 }}
{{- $settings := omit (index . 1) "enabled" }}
{{- $adapt := $context.Values.global.compatibility.openshift.adaptSecurityContext }}
{{- $openshift := $context.Capabilities.APIVersions.Has "security.openshift.io/v1" }}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") $openshift) }}
{{- $settings = omit $settings "runAsUser" "runAsGroup" "fsGroup" }}
{{- end }}
{{- toYaml $settings }}
{{- end }}

{{/* The port that answers /healthz and /readyz. */}}
{{- define "keyferry.livePort" -}}
{{- $port := .Values.livenessProbe.spec.httpGet.port | toString }}
{{- regexMatch "^[0-9]+$" $port | ternary $port "8082" }}
{{- end }}

{{/* One probe. ESO's chart keeps the listen address inside `spec`; a probe has no such field. Takes a probe's values. */}}
{{- define "keyferry.probe" -}}
{{- toYaml (omit .spec "address") }}
{{- end }}

{{/* One flag per line. A value that equals the operator's own default is still passed where ESO's chart passes it, so
that `kubectl describe` shows what runs. */}}
{{- define "keyferry.args" -}}
- --metrics-addr=:{{ .Values.metrics.listen.port }}
- --live-addr={{ .Values.livenessProbe.spec.address }}:{{ include "keyferry.livePort" . }}
- --loglevel={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
- --default-refresh-interval={{ .Values.defaultRefreshInterval }}
- --status-heartbeat={{ .Values.statusHeartbeat }}
{{- with .Values.storeRequeueInterval }}
- --store-requeue-interval={{ . }}
{{- end }}
{{- with .Values.concurrent }}
- --concurrent={{ . }}
{{- end }}
{{- with .Values.controllerClass }}
- --controller-class={{ . }}
{{- end }}
{{- with (include "keyferry.scope" . | fromJson).namespaces }}
- --namespace={{ join "," . }}
{{- end }}
{{- if include "keyferry.elects" . }}
- --enable-leader-election=true
- --leader-election-id={{ include "keyferry.leaseName" . }}
{{- end }}
{{- if not (include "keyferry.clusterStores" .) }}
- --enable-cluster-store-reconciler=false
{{- end }}
{{- if not (and .Values.processSecretStore .Values.crds.createSecretStore) }}
- --enable-secret-store-reconciler=false
{{- end }}
{{- if .Values.secrets.watch }}
- --watch-secrets=true
{{- end }}
{{- if .Values.nudge.enabled }}
- --nudge-pods=true
- --nudge-qps={{ .Values.nudge.qps }}
- --nudge-burst={{ .Values.nudge.burst }}
{{- with .Values.nudge.namespaces }}
- --nudge-namespaces={{ join "," . }}
{{- end }}
{{- end }}
{{- if .Values.extendedMetricLabels }}
- --enable-extended-metric-labels=true
{{- end }}
{{- range $name, $value := .Values.extraArgs }}
- --{{ $name }}{{ if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}={{ $value }}{{ end }}
{{- end }}
{{- end }}
