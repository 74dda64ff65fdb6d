package datadog

import (
	"errors"
	"os"
	"testing"
	"time"

	operator "github.com/DataDog/datadog-operator/pkg/secrets"
)

// decrypt is the DatadogOperator's own code: version 1.0, 5 seconds, 1 MiB, no look at the file's rights.
func decrypt(command string, arguments []string, encrypted ...string) (map[string]string, error) {
	operator.SetSecretBackendCommand(command)
	operator.SetSecretBackendArgs(arguments)
	return operator.NewSecretBackend().Decrypt(encrypted)
}

func TestTheOperatorDecryptsItsKeysWithoutArguments(t *testing.T) {
	s := newScene(t, files{"api-key": "the api key", "apps/keys/app": "the app key"})
	keys, err := decrypt(s.command, nil, "ENC[api-key]", "ENC[k8s_secret@apps/keys/app]")
	if err != nil {
		t.Fatal(err)
	}
	if keys["ENC[api-key]"] != "the api key" || keys["ENC[k8s_secret@apps/keys/app]"] != "the app key" {
		t.Error("a key does not have its value")
	}
}

func TestTheOperatorsArgumentIsTheRoot(t *testing.T) {
	s := newScene(t, files{})
	other := newScene(t, files{"api-key": "k1"})
	if keys, err := decrypt(s.command, []string{other.root}, "ENC[api-key]"); err != nil || keys["ENC[api-key]"] != "k1" {
		t.Errorf("%v", err)
	}
}

func TestTheOperatorRunsAHelperOfAnyMode(t *testing.T) {
	s := newScene(t, files{"api-key": "k1"})
	for _, mode := range []os.FileMode{0o500, 0o550, 0o555} {
		s.chmod(mode)
		if _, err := decrypt(s.command, nil, "ENC[api-key]"); err != nil {
			t.Errorf("%o: %v", mode, err)
		}
	}
}

func TestTheOperatorsErrorNamesTheHandleAndHoldsNoValue(t *testing.T) {
	s := newScene(t, files{"api-key": "the api key"})
	_, err := decrypt(s.command, nil, "ENC[api-key]", "ENC[app-key]")
	if err == nil {
		t.Fatal("decrypted a key without a file")
	}
	contains(t, err.Error(), "decrypting 'app-key'")
	lacks(t, err.Error(), "the api key")
	if operator.Retriable(err) {
		t.Error("the helper's word on a handle is an answer: trying again at once does not help")
	}
}

func TestAThousandKeysAreDecryptedLongBeforeTheOperatorGivesUp(t *testing.T) {
	tree, handles := many(1000, 100)
	s := newScene(t, tree)
	var encrypted []string
	for _, handle := range handles {
		encrypted = append(encrypted, "ENC["+handle+"]")
	}
	start := time.Now()
	keys, err := decrypt(s.command, nil, encrypted...)
	took := time.Since(start)
	if err != nil || len(keys) != 1000 || took > 2500*time.Millisecond {
		t.Errorf("%d keys in %s: %v", len(keys), took, err)
	}
}

func TestTheOperatorIsToldWhenAnswersAreTooLong(t *testing.T) {
	tree, handles := many(24, 60<<10)
	s := newScene(t, tree)
	var encrypted []string
	for _, handle := range handles {
		encrypted = append(encrypted, "ENC["+handle+"]")
	}
	_, err := decrypt(s.command, nil, encrypted...)
	var failed *operator.DecryptorError
	if !errors.As(err, &failed) {
		t.Fatalf("%v", err)
	}
	contains(t, err.Error(), "an error occurred while decrypting 'key-000")
	lacks(t, err.Error(), "xxxx", "exceeded")
}
