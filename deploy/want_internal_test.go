package deploy

import (
	"slices"
	"strings"
	"testing"
)

func TestWant_Revision_IsIt(t *testing.T) {
	const arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/prod-orders-intake:42"
	one, two := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
	tagged := Revision{TaskDefinition: arn, Images: []Image{{"proxy", "envoy:1", two}, {"service", "localhost:5000/intake:4f2a1c9", one}}}
	pinned := Revision{TaskDefinition: arn, Images: []Image{{"service", "localhost:5000/intake@" + one, ""}}, Versions: []string{"4f2a1c9"}}
	for name, test := range map[string]struct {
		revision Revision
		want     Want
		is       bool
	}{
		"arn":                       {tagged, Want{TaskDefinition: arn}, true},
		"family and revision":       {tagged, Want{TaskDefinition: "prod-orders-intake:42"}, true},
		"other revision":            {tagged, Want{TaskDefinition: "prod-orders-intake:4"}, false},
		"other account":             {tagged, Want{TaskDefinition: strings.Replace(arn, "123456789012", "210987654321", 1)}, false},
		"digest":                    {tagged, Want{Image: one}, true},
		"digest of a pinned image":  {pinned, Want{Image: one}, true},
		"other digest":              {pinned, Want{Image: two}, false},
		"tag":                       {tagged, Want{Image: "localhost:5000/intake:4f2a1c9"}, true},
		"other tag":                 {tagged, Want{Image: "localhost:5000/intake:4f2a1c"}, false},
		"reference with digest":     {tagged, Want{Image: "localhost:5000/intake@" + one}, true},
		"digest of another image":   {tagged, Want{Image: "localhost:5000/intake@" + two}, false},
		"version as tag":            {tagged, Want{Version: "4f2a1c9"}, true},
		"port is no tag":            {pinned, Want{Version: "5000/intake"}, false},
		"version in the attributes": {pinned, Want{Version: "4f2a1c9"}, true},
		"other version":             {pinned, Want{Version: "4f2a1c"}, false},
		"all agree":                 {tagged, Want{TaskDefinition: arn, Image: one, Version: "4f2a1c9"}, true},
		"one does not":              {tagged, Want{TaskDefinition: arn, Image: one, Version: "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if is := test.revision.is(test.want); is != test.is {
				t.Errorf("%v is %v: %t, want %t", test.revision, test.want, is, test.is)
			}
			if err := test.want.Validate(false); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWant_Bad_AllNamed(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("1", 64)
	for name, test := range map[string]struct {
		want     Want
		consumer bool
		says     []string // none if it is good
	}{
		"nothing":               {Want{}, false, []string{"for the service"}},
		"nothing of a consumer": {Want{}, true, []string{"for a consumer"}},
		"wrong forms": {
			Want{TaskDefinition: "intake", Image: "intake", FunctionVersion: "$LATEST"},
			false,
			[]string{`task definition "intake"`, `image "intake"`, `function version "$LATEST"`, "for the service"},
		},
		"a service's":         {Want{FunctionVersion: "1", Version: "x"}, true, []string{"for a consumer"}},
		"short digest":        {Want{Image: "sha256:11"}, false, []string{"image"}},
		"short pinned digest": {Want{Image: "intake@sha256:11"}, false, []string{"image"}},
		"tag and digest":      {Want{Image: "a.example.com:443/b/intake:1" + digest}, false, nil},
		"good":                {Want{FunctionVersion: "17"}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.want.Validate(test.consumer)
			if (err == nil) != (len(test.says) == 0) {
				t.Fatalf("error %v, want one with %q", err, test.says)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}

func TestServiceVersions_Attributes_Read(t *testing.T) {
	for attributes, want := range map[string][]string{
		"":                                      nil,
		"service.version=1":                     {"1"},
		"a=b, service.version = 1%2C2 ,c":       {"1,2"},
		"service.version=%zz":                   {"%zz"},
		"xservice.version=1,service.versionx=1": nil,
	} {
		if got := serviceVersions(attributes); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", attributes, got, want)
		}
	}
}

// What task definitions and AWS's sentences hold is written by others.
func FuzzServiceVersions(f *testing.F) {
	f.Add("deployment.environment.name=prod,service.version=4f2a1c9")
	f.Add("service.version=%zz,,=,service.version")
	f.Fuzz(func(t *testing.T, attributes string) {
		for _, v := range serviceVersions(attributes) {
			if strings.Contains(v, ",") && !strings.Contains(attributes, "%") {
				t.Errorf("%q holds the version %q", attributes, v)
			}
		}
	})
}
