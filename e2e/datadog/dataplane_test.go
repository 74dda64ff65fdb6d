package datadog

import (
	"fmt"
	"testing"

	"keyferry.dev/e2e/datadog/dataplane"
)

func TestTheDataPlaneResolvesWithTheBareCommand(t *testing.T) {
	s := newScene(t, files{"api-key": "k1", "apps/db/user": "u1"})
	values, err := dataplane.Resolve(s.command, map[string]string{"api_key": "api-key", "db.user": "k8s_secret@apps/db/user"})
	if err != nil || values["api_key"] != "k1" || values["db.user"] != "u1" {
		t.Errorf("%d values: %v", len(values), err)
	}
}

func TestAHandleThatTwoSettingsShareIsAskedForTwiceAndAnswered(t *testing.T) {
	s := newScene(t, files{"api-key": "k1"})
	values, err := dataplane.Resolve(s.command, map[string]string{"api_key": "api-key", "logs.api_key": "api-key"})
	if err != nil || values["api_key"] != "k1" || values["logs.api_key"] != "k1" {
		t.Errorf("%d values: %v", len(values), err)
	}
}

func TestTheDataPlanesErrorNamesTheHandle(t *testing.T) {
	s := newScene(t, files{"api-key": "the api key"})
	_, err := dataplane.Resolve(s.command, map[string]string{"api_key": "api-key", "app_key": "app-key"})
	if err == nil {
		t.Fatal("resolved a handle without a file")
	}
	contains(t, err.Error(), "failed to resolve app-key")
	lacks(t, err.Error(), "the api key")
}

func TestARequestLongerThanAPipeIsReadToItsEndBeforeTheAnswer(t *testing.T) {
	tree, _ := many(5000, 20)
	s := newScene(t, tree)
	settings := map[string]string{}
	for handle := range tree {
		settings[handle] = handle
	}
	for index := range 5000 {
		settings[fmt.Sprint("again.", index)] = "key-00000"
	}
	values, err := dataplane.Resolve(s.command, settings)
	if err != nil || len(values) != 10000 {
		t.Errorf("%d values: %v", len(values), err)
	}
}

func TestTheDataPlaneRunsAHelperOfAnyMode(t *testing.T) {
	s := newScene(t, files{"api-key": "k1"})
	s.chmod(0o555)
	if _, err := dataplane.Resolve(s.command, map[string]string{"api_key": "api-key"}); err != nil {
		t.Error(err)
	}
}
