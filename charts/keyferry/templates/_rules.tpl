{{/*
The operator's rights, each with the code that needs it. What is namespaced is one block, which becomes a ClusterRole or,
with `scopedRBAC`, a Role in each scoped namespace. `update` is nowhere (but for finalizers, see there): every write is a patch.
*/}}

{{- define "keyferry.rules.namespaced" -}}
# cluster/target: reads a target before it is written and when drift is checked; cluster/credentials: reads the Secrets
# that a store's `auth` names; cluster/texts: reads the Secrets that a templateFrom names. `create` is authorised for server-side apply, `patch` for every later write, `delete` for
# deletionPolicy Delete. Not here: `list` and `watch` (either one reads every Secret in reach) and `update`.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
{{- if .Values.secrets.watch }}
# cluster/target, because secrets.watch is true: repairs drift at once instead of at the next check. This equals reading
# EVERY Secret in reach: RBAC knows no labels, so the operator's own selector takes nothing off what the token may do.
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch]
{{- end }}
# cluster/texts: reads the ConfigMaps that a templateFrom names, each by its name, and looks at their metadata for changes;
# cluster/credentials: the certificates of authorities that a store's `caProvider` names, and the configuration that a
# `gcpsm` store's `credConfig` does.
# Not here: `list` and `watch`, which would read every ConfigMap in reach.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
# controller/external_secret: what is to be synced. `patch` is for metadata.finalizers, by merge patch.
- apiGroups: [external-secrets.io]
  resources: [externalsecrets]
  verbs: [get, list, watch, patch]
# cluster/status: conditions, refreshTime, syncedResourceVersion, binding.
- apiGroups: [external-secrets.io]
  resources: [externalsecrets/status]
  verbs: [patch]
{{- if .Values.openshiftFinalizers }}
# cluster/target: an owner reference with blockOwnerDeletion. Only where OwnerReferencesPermissionEnforcement is on (as on
# OpenShift) does the API server ask for it.
- apiGroups: [external-secrets.io]
  resources: [externalsecrets/finalizers]
  verbs: [update]
{{- end }}
# controller/secret_store: the stores that ExternalSecrets of the namespace use.
- apiGroups: [external-secrets.io]
  resources: [secretstores]
  verbs: [get, list, watch]
# cluster/status: whether a store's validation passed, and its capabilities.
- apiGroups: [external-secrets.io]
  resources: [secretstores/status]
  verbs: [patch]
# cluster/events: `patch` counts up an event that is there already.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if .Values.rbac.serviceAccountTokenCreate }}
# cluster/credentials, because rbac.serviceAccountTokenCreate is true: tokens for stores with a serviceAccountRef. It lets
# the operator act as ANY ServiceAccount in reach; prefer serviceAccountTokens, which names them.
- apiGroups: [""]
  resources: [serviceaccounts/token]
  verbs: [create]
# cluster/credentials: the cloud role that a ServiceAccount's annotations name.
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
{{- end }}
{{- end }}

{{- define "keyferry.rules.cluster" -}}
{{- if include "keyferry.clusterStores" . }}
# controller/cluster_secret_store: as for SecretStores.
- apiGroups: [external-secrets.io]
  resources: [clustersecretstores]
  verbs: [get, list, watch]
# cluster/status: as for SecretStores.
- apiGroups: [external-secrets.io]
  resources: [clustersecretstores/status]
  verbs: [patch]
# controller/cluster_secret_store: a store's `conditions` select namespaces by label and are checked again when one changes.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{- define "keyferry.rules.lease" -}}
# cluster/lease: the one Lease that says who leads.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "keyferry.leaseName" . | quote }}]
  verbs: [get, update, patch]
# cluster/lease: makes it once; a POST cannot be limited to a name.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end }}

{{- define "keyferry.rules.nudge" -}}
# cluster/pods, because nudge.enabled is true: `list` finds the pods that opted in and mount a Secret that was just written,
# `patch` sets their annotation keyferry.dev/nudged-at. RBAC knows neither labels nor fields; the nudge policy does.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, patch]
{{- end }}

{{/* One grant: role, binding, and the operator as its subject. Takes a dict: context, kind (ClusterRole or Role), name,
namespace (of a Role) and rules (the name of a template). */}}
{{- define "keyferry.grant" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "keyferry.labels" .context | nindent 4 }}
rules:
  {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "keyferry.labels" .context | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "keyferry.serviceAccountName" .context }}
    namespace: {{ include "keyferry.namespace" .context }}
{{- end }}

{{/* Takes one entry of serviceAccountTokens. */}}
{{- define "keyferry.rules.tokens" -}}
# cluster/credentials: tokens for the stores that name these ServiceAccounts.
- apiGroups: [""]
  resources: [serviceaccounts/token]
  resourceNames: {{ toJson .names }}
  verbs: [create]
# cluster/credentials: the cloud role that their annotations name.
- apiGroups: [""]
  resources: [serviceaccounts]
  resourceNames: {{ toJson .names }}
  verbs: [get]
{{- end }}
