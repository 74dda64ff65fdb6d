{{/*
Combinations of values that would install something other than what they ask for. The schema holds what can be said of
one value; here is what needs several, or a sentence on what to do instead.
*/}}
{{- define "keyferry.checks" -}}
{{- if and .Values.scopedRBAC (not (include "keyferry.scope" . | fromJson).namespaces) }}
{{- fail "scopedRBAC needs scopedNamespace or scopedNamespaces: without a namespace there is no Role to create." }}
{{- end }}
{{- if and .Values.processClusterPushSecret (not .Values.processPushSecret) }}
{{- fail "processClusterPushSecret needs processPushSecret: a ClusterPushSecret only makes PushSecrets. Turn both off, or both on." }}
{{- end }}
{{- if and .Values.processClusterStore (not .Values.crds.createClusterSecretStore) .Values.installCRDs }}
{{- fail "crds.createClusterSecretStore is false: set processClusterStore to false as well, or the operator waits for a kind that is not there." }}
{{- end }}
{{- if and .Values.processSecretStore (not .Values.crds.createSecretStore) .Values.installCRDs }}
{{- fail "crds.createSecretStore is false: set processSecretStore to false as well, or the operator waits for a kind that is not there." }}
{{- end }}
{{- if .Values.crds.unsafeServeV1Beta1 }}
{{- fail "crds.unsafeServeV1Beta1: v1beta1 is kept for old storedVersions only and has no schema, so serving it would let objects past the API's rules. Change the manifests to external-secrets.io/v1 (the fields are the same), then leave this value out." }}
{{- end }}
{{- if .Values.genericTargets.enabled }}
{{- fail "genericTargets.enabled: this version writes Secrets only; ExternalSecrets with spec.target.manifest report it in their condition. Leave this value out." }}
{{- end }}
{{- if .Values.metrics.listen.secure.enabled }}
{{- fail "metrics.listen.secure.enabled: metrics are served without TLS. Leave this value out and confine the port with networkPolicy.enabled, or put a TLS proxy beside it with extraContainers." }}
{{- end }}
{{- if hasSuffix "external-secrets/external-secrets" (default .Values.image.repository .Values.global.repository) }}
{{- fail "image.repository (or global.repository) names External Secrets Operator's image, left over from its chart's values. Leave it out, or name a mirror of keyferry's." }}
{{- end }}
{{- $scope := (include "keyferry.scope" . | fromJson).namespaces }}
{{- range .Values.nudge.namespaces }}
{{- if and $scope (not (has . $scope)) }}
{{- fail (printf "nudge.namespaces has %q, where the operator does not work (scopedNamespaces): it would change no Secret there. Leave it out, or add it to the scope." .) }}
{{- end }}
{{- end }}
{{- if and .Values.serviceAccountTokens .Values.rbac.serviceAccountTokenCreate }}
{{- fail "rbac.serviceAccountTokenCreate grants tokens of every ServiceAccount, which makes serviceAccountTokens meaningless. Set one of the two." }}
{{- end }}
{{- end }}
