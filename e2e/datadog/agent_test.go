package datadog

import (
	"strings"
	"testing"
	"time"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"
	"go.yaml.in/yaml/v3"

	"keyferry.dev/e2e/datadog/agent"
)

// everyForm is a tree that serves all forms, and the form of a handle that answers each value.
var everyForm = files{
	"password":          "p4ss: word # \"quoted\"",
	"db/password":       "from a folder",
	"token":             "by its absolute path",
	"apps/db/user":      "of a Kubernetes Secret",
	"settings.json":     `{"api_key": "one field", "other": 1}`,
	"blob":              "\x00\xff\xfe binary",
	"apps/keystore/p12": "\x30\x82 binary too",
}

func resolveAll(t *testing.T, client secrets.Component, handles ...string) map[string]string {
	t.Helper()
	resolved, err := client.Resolve(config(handles...), "check.yaml", "", "", true)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	if err := yaml.Unmarshal(resolved, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestEveryHandleFormOfExistingConfigurationsResolves(t *testing.T) {
	s := newScene(t, everyForm)
	forms := []struct{ handle, value string }{
		{"password", everyForm["password"]},
		{"db/password", "from a folder"},
		{"file@" + s.root + "/token", "by its absolute path"},
		{"k8s_secret@apps/db/user", "of a Kubernetes Secret"},
		{"apps/db;user", "of a Kubernetes Secret"},
		{"settings.json;api_key", "one field"},
		{"blob;base64", "AP/+IGJpbmFyeQ=="},
		{"apps/keystore;p12;base64", "MIIgYmluYXJ5IHRvbw=="},
	}
	var handles []string
	for _, form := range forms {
		handles = append(handles, form.handle)
	}
	values := resolveAll(t, s.agent(agent.PerHandle), handles...)
	for index, form := range forms {
		if got := values["s"+string(rune('0'+index))]; got != form.value {
			t.Errorf("%s does not have its value: %d bytes", form.handle, len(got))
		}
	}
}

func TestAConfigurationWithoutHandlesCostsNoCall(t *testing.T) {
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: "/nowhere"})
	plain := "password: plain # stays as it is"
	resolved, err := client.Resolve([]byte(plain), "check.yaml", "", "", true)
	if err != nil || string(resolved) != plain {
		t.Errorf("%q, %v", resolved, err)
	}
}

func TestARotatedValueIsPickedUpByRefresh(t *testing.T) {
	s := newScene(t, files{"user": "u1", "password": "p1", "still": "same"})
	client := s.agent(agent.PerHandle)
	resolveAll(t, client, "user", "password", "still")
	var told []string
	client.SubscribeToChanges(func(handle, origin string, path []string, old, value any) {
		told = append(told, strings.Join([]string{handle, origin, path[0], old.(string), value.(string)}, " "))
	})

	s.mount(files{"user": "u2", "password": "p2", "still": "same"})
	report, err := client.RefreshNow()
	if err != nil {
		t.Fatal(err)
	}

	contains(t, report, "'user'", "'password'")
	lacks(t, report, "'still'")
	if got := strings.Join(told, ", "); got != "password check.yaml s1 p1 p2, user check.yaml s0 u1 u2" {
		t.Errorf("subscribers were told: %s", got)
	}
	if values := resolveAll(t, client, "user", "password"); values["s0"] != "u2" || values["s1"] != "p2" {
		t.Errorf("the next configuration does not have the new values")
	}
}

func TestARefreshThatFindsNothingNewSaysNothing(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	client := s.agent(agent.PerHandle)
	resolveAll(t, client, "user")
	if report, err := client.RefreshNow(); report != "" || err != nil {
		t.Errorf("%q, %v", report, err)
	}
}

func TestOneBadHandleFailsTheConfigurationAndIsNamed(t *testing.T) {
	s := newScene(t, files{"good": "the good value"})
	for _, era := range []agent.Era{agent.WholeBatch, agent.PerHandle} {
		_, err := s.agent(era).Resolve(config("good", "bad"), "check.yaml", "", "", true)
		if err == nil {
			t.Fatal("resolved a handle without a file")
		}
		contains(t, err.Error(), "an error occurred while resolving 'bad'")
		lacks(t, err.Error(), "'good'", "the good value")
	}
}

// rotateAndRevoke has an Agent know two handles, then one changes and the other's file is gone.
func rotateAndRevoke(t *testing.T, era agent.Era) (*agent.Agent, string, error) {
	t.Helper()
	s := newScene(t, files{"good": "g1", "gone": "x1"})
	client := s.agent(era)
	resolveAll(t, client, "good", "gone")
	s.mount(files{"good": "g2"})
	report, err := client.RefreshNow()
	return client, report, err
}

func TestARevokedHandleDoesNotStopTheOthersOfANewerAgent(t *testing.T) {
	client, report, err := rotateAndRevoke(t, agent.PerHandle)
	if err == nil {
		t.Fatal("the revoked handle is still answered")
	}
	contains(t, err.Error(), "'gone'")
	contains(t, report, "'good'")
	if !client.IsValueFromSecret("g2") {
		t.Error("the good handle was not refreshed")
	}
}

func TestARevokedHandleStopsTheRefreshOfAnOlderAgentWhichNamesIt(t *testing.T) {
	client, report, err := rotateAndRevoke(t, agent.WholeBatch)
	if err == nil || report != "" {
		t.Fatalf("%q, %v", report, err)
	}
	contains(t, err.Error(), "'gone'")
	lacks(t, err.Error(), "'good'")
	if client.IsValueFromSecret("g2") {
		t.Error("an older Agent keeps nothing of a failed call")
	}
}

func TestWhatLeadsOutOfTheTreeIsRefusedForEachHandleAlone(t *testing.T) {
	s := newScene(t, files{"good": "g1"})
	client := s.agent(agent.PerHandle)
	bad := []string{"../keyferry/helper.json", "file@/etc/hostname", "k8s_secret@../../etc", "/etc/hostname", "..data/good", "good/more"}
	_, err := client.Resolve(config(append(bad, "good")...), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("resolved what leads out of the tree")
	}
	for _, handle := range bad {
		contains(t, err.Error(), "while resolving '"+handle+"'")
	}
	if !client.IsValueFromSecret("g1") {
		t.Error("the good handle of the same call was lost")
	}
}

func TestAnEmptyFileIsToldAsEmpty(t *testing.T) {
	s := newScene(t, files{"empty": ""})
	_, err := s.agent(agent.PerHandle).Resolve(config("empty"), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("resolved an empty file")
	}
	contains(t, err.Error(), "'empty'", "empty")
}

func TestATrailingNewlineStaysUnlessTheAgentRemovesIt(t *testing.T) {
	s := newScene(t, files{"line": "value\n"})
	if values := resolveAll(t, s.agent(agent.PerHandle), "line"); values["s0"] != "value\n" {
		t.Errorf("%q", values["s0"])
	}
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: s.command, RemoveLinebreak: true})
	if values := resolveAll(t, client, "line"); values["s0"] != "value" {
		t.Errorf("%q", values["s0"])
	}
}

func TestRootsCanBeArguments(t *testing.T) {
	s := newScene(t, files{})
	other := newScene(t, files{"elsewhere": "e1"})
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: s.command, Arguments: []string{other.root}})
	if values := resolveAll(t, client, "elsewhere"); values["s0"] != "e1" {
		t.Error("the root given as an argument was not used")
	}
}

func TestAFileThatWouldBlockIsAnErrorAndNoTimeout(t *testing.T) {
	s := newScene(t, files{"good": "g1"})
	s.must(mkfifo(s.root + "/pipe"))
	client := s.agent(agent.PerHandle)
	start := time.Now()
	_, err := client.Resolve(config("pipe", "good"), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("resolved a pipe")
	}
	contains(t, err.Error(), "while resolving 'pipe'")
	if took := time.Since(start); took > 2*time.Second || !client.IsValueFromSecret("g1") {
		t.Errorf("took %s, the good handle is known: %v", took, client.IsValueFromSecret("g1"))
	}
}
