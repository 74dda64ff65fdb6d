// Answers what External Secrets Operator makes of a whole target: its template, its sources, the provider's values. One case
// as JSON on each line of the input, one answer on each line of the output; bytes are in base64, as encoding/json has them.
package main

import (
	"context"
	"errors"
	"oracle/lines"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	"github.com/external-secrets/external-secrets/pkg/controllers/templating"
	eso "github.com/external-secrets/external-secrets/pkg/template/v2"
)

// A kase is one target. The sources are what every entry of its kind finds, whatever name it gives.
type kase struct {
	Template  esv1.ExternalSecretTemplate `json:"template"`
	Values    map[string][]byte           `json:"values"`
	ConfigMap map[string]string           `json:"configMap"`
	Secret    map[string][]byte           `json:"secret"`
}

type answer struct {
	Data        map[string][]byte `json:"data"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Error       string            `json:"error,omitempty"`
}

// target does in the order of External Secrets Operator's own reconciler what that does with a template.
func target(k kase) (*corev1.Secret, error) {
	secret := &corev1.Secret{Data: map[string][]byte{}}
	none := len(k.Template.Data) == 0 && len(k.Template.TemplateFrom) == 0
	if none || k.Template.MergePolicy == esv1.MergePolicyMerge {
		for key, value := range k.Values {
			secret.Data[key] = value
		}
	}
	parser := templating.Parser{
		Exec: eso.Execute, DataMap: k.Values, TargetSecret: secret,
		TemplateFromConfigMap: &corev1.ConfigMap{Data: k.ConfigMap},
		TemplateFromSecret:    &corev1.Secret{Data: k.Secret},
	}
	if err := parser.MergeTemplateFrom(context.Background(), "ns", &k.Template); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		texts map[string]string
		to    esv1.TemplateTarget
	}{
		{k.Template.Data, esv1.TemplateTargetData},
		{k.Template.Metadata.Labels, esv1.TemplateTargetLabels},
		{k.Template.Metadata.Annotations, esv1.TemplateTargetAnnotations},
	} {
		if err := parser.MergeMap(part.texts, part.to); err != nil {
			return nil, err
		}
	}
	return secret, valid(secret)
}

// valid says what the API server would.
func valid(secret *corev1.Secret) error {
	for key := range secret.Data {
		if len(validation.IsConfigMapKey(key)) > 0 {
			return errors.New("a key of the data is refused")
		}
	}
	for key, value := range secret.Labels {
		if len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			return errors.New("a label is refused")
		}
	}
	for key, value := range secret.Annotations {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 || !utf8.ValidString(value) {
			return errors.New("an annotation is refused")
		}
	}
	return nil
}

func run(k kase) answer {
	secret, err := target(k)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Data: secret.Data, Labels: secret.Labels, Annotations: secret.Annotations}
}

func main() {
	lines.Answer(run)
}
