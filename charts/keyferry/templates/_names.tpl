{{/*
Names and labels. The rules are those of ESO's chart, so that the same values give the same object names: a release
whose name contains the chart's name keeps it, any other gets it appended; `fullnameOverride` wins.
*/}}

{{- define "keyferry.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "keyferry.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* A name with a suffix, cut so that the whole still fits a DNS label. Takes (list context suffix). */}}
{{- define "keyferry.suffixed" -}}
{{- $suffix := index . 1 }}
{{- $room := sub 63 (len $suffix) | int }}
{{- printf "%s%s" (include "keyferry.fullname" (index . 0) | trunc $room | trimSuffix "-") $suffix }}
{{- end }}

{{- define "keyferry.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "keyferry.serviceAccountName" -}}
{{- $default := .Values.serviceAccount.create | ternary (include "keyferry.fullname" .) "default" }}
{{- default $default .Values.serviceAccount.name }}
{{- end }}

{{/* The name by which the API server knows the operator; RBAC and both admission policies mean this user. */}}
{{- define "keyferry.username" -}}
system:serviceaccount:{{ include "keyferry.namespace" . }}:{{ include "keyferry.serviceAccountName" . }}
{{- end }}

{{- define "keyferry.selectorLabels" -}}
app.kubernetes.io/name: {{ include "keyferry.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "keyferry.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "keyferry.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The namespaces that the operator is confined to, as {"namespaces": [...]}; an empty list is the whole cluster. */}}
{{- define "keyferry.scope" -}}
{{- $all := .Values.scopedNamespaces }}
{{- with .Values.scopedNamespace }}{{ $all = append $all . }}{{ end }}
{{- dict "namespaces" ($all | uniq | sortAlpha) | toJson }}
{{- end }}

{{/* The namespaces whose pods may be nudged, as {"namespaces": [...]}; an empty list is the whole cluster. */}}
{{- define "keyferry.nudged" -}}
{{- $scope := (include "keyferry.scope" . | fromJson).namespaces }}
{{- dict "namespaces" (default $scope .Values.nudge.namespaces | uniq | sortAlpha) | toJson }}
{{- end }}

{{/* "true" when rights are granted by Roles in the scoped namespaces instead of a ClusterRole. */}}
{{- define "keyferry.roleScoped" -}}
{{- and .Values.scopedRBAC (gt (len (include "keyferry.scope" . | fromJson).namespaces) 0) | ternary "true" "" }}
{{- end }}

{{/* "true" when ClusterSecretStores are served; they need cluster-wide rights. */}}
{{- define "keyferry.clusterStores" -}}
{{- and .Values.processClusterStore .Values.crds.createClusterSecretStore (not (include "keyferry.roleScoped" .)) | ternary "true" "" }}
{{- end }}

{{/* "true" when several operators may run at once, so that one must lead. */}}
{{- define "keyferry.elects" -}}
{{- or .Values.leaderElect (gt (int .Values.replicaCount) 1) | ternary "true" "" }}
{{- end }}

{{- define "keyferry.leaseName" -}}
{{- default "external-secrets-controller" .Values.leaderElectionID }}
{{- end }}

{{/* "true" when a ServiceMonitor is to be rendered. Fails where the values ask for failing. */}}
{{- define "keyferry.serviceMonitor" -}}
{{- $known := .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" }}
{{- $mode := .Values.serviceMonitor.renderMode }}
{{- if and .Values.serviceMonitor.enabled (eq $mode "failIfMissing") (not $known) }}
{{- fail "serviceMonitor.enabled with renderMode failIfMissing: this cluster has no monitoring.coreos.com/v1 ServiceMonitor. Install the Prometheus operator's CRDs, or choose skipIfMissing or alwaysRender." }}
{{- end }}
{{- and .Values.serviceMonitor.enabled (or $known (eq $mode "alwaysRender")) | ternary "true" "" }}
{{- end }}
