package deploy

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Want is what was requested: for the service one or more of the first three,
// which must all agree, and for a consumer the version of its function.
type Want struct {
	// TaskDefinition is its ARN, or family:revision.
	TaskDefinition string `json:"task_definition,omitempty"`

	// Image is the digest of a container's image (sha256:...), or the whole
	// reference of the image with its tag or digest.
	Image string `json:"image,omitempty"`

	// Version is the service.version: the tag of a container's image, or what
	// OTEL_RESOURCE_ATTRIBUTES in the task definition says.
	Version string `json:"version,omitempty"`

	// FunctionVersion is the number of the function's version.
	FunctionVersion string `json:"function_version,omitempty"`
}

var (
	taskDefinitionForm  = regexp.MustCompile(`^(arn:[^:]+:ecs:[^:]+:\d{12}:task-definition/)?[A-Za-z0-9_-]+:\d+$`)
	digestForm          = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	imageForm           = regexp.MustCompile(`^[^\s:@]+(:\d+)?[^\s:@]*(:\w[\w.-]{0,127}|(:\w[\w.-]{0,127})?@sha256:[0-9a-f]{64})$`)
	functionVersionForm = regexp.MustCompile(`^[1-9][0-9]*$`)
)

// Validate reports everything that is wrong with what is wanted of a consumer,
// or else of the service.
func (w Want) Validate(consumer bool) error {
	var errs []error
	bad := func(what, value, want string) {
		errs = append(errs, fmt.Errorf("%s %q: want %s", what, value, want))
	}
	if w.TaskDefinition != "" && !taskDefinitionForm.MatchString(w.TaskDefinition) {
		bad("task definition", w.TaskDefinition, "an ARN that ends in :REVISION, or FAMILY:REVISION")
	}
	isDigest := strings.HasPrefix(w.Image, "sha256:")
	if w.Image != "" && (isDigest && !digestForm.MatchString(w.Image) || !isDigest && !imageForm.MatchString(w.Image)) {
		bad("image", w.Image, "sha256: and 64 hexadecimal digits, or a reference that ends in :TAG or @DIGEST")
	}
	if w.FunctionVersion != "" && !functionVersionForm.MatchString(w.FunctionVersion) {
		bad("function version", w.FunctionVersion, "a number; $LATEST and names of aliases move")
	}
	ofService := w.TaskDefinition != "" || w.Image != "" || w.Version != ""
	switch {
	case consumer && (ofService || w.FunctionVersion == ""):
		errs = append(errs, errors.New("for a consumer: want a function version, and nothing else"))
	case !consumer && (!ofService || w.FunctionVersion != ""):
		errs = append(errs, errors.New("for the service: want a task definition, an image or a version, and no function version"))
	}
	return errors.Join(errs...)
}

// String names what is wanted.
func (w Want) String() string {
	var parts []string
	add := func(what, value string) {
		if value != "" {
			parts = append(parts, what+" "+value)
		}
	}
	add("task definition", last(w.TaskDefinition))
	add("image", w.Image)
	add("version", w.Version)
	add("function version", w.FunctionVersion)
	return strings.Join(parts, ", ")
}

// Revision is a version of a component that gets requests.
type Revision struct {
	ARN             string   `json:"arn,omitempty"` // of the service revision
	TaskDefinition  string   `json:"task_definition,omitempty"`
	Images          []Image  `json:"images,omitempty"`
	Versions        []string `json:"versions,omitempty"` // service.version, if it was asked for
	Tasks           int      `json:"tasks,omitempty"`    // that run
	FunctionVersion string   `json:"function_version,omitempty"`
	Percent         float64  `json:"percent,omitempty"` // of the function's invocations
}

// Image is a container's.
type Image struct {
	Container string `json:"container"`
	Image     string `json:"image"`
	Digest    string `json:"digest,omitempty"`
}

// is reports whether a revision of the service is the one that is wanted.
func (r Revision) is(w Want) bool {
	if w.TaskDefinition != "" {
		got := r.TaskDefinition
		if !strings.HasPrefix(w.TaskDefinition, "arn:") {
			got = last(got)
		}
		if got != w.TaskDefinition {
			return false
		}
	}
	if w.Image != "" && !r.hasImage(w.Image) {
		return false
	}
	if w.Version != "" && !r.hasVersion(w.Version) {
		return false
	}
	return true
}

func (r Revision) hasImage(want string) bool {
	repository, digest, pinned := strings.Cut(want, "@")
	for _, i := range r.Images {
		name, ownDigest, _ := strings.Cut(i.Image, "@")
		if i.Digest != "" {
			ownDigest = i.Digest
		}
		switch {
		case digestForm.MatchString(want):
			if ownDigest == want {
				return true
			}
		case pinned:
			if withoutTag(name) == withoutTag(repository) && ownDigest == digest {
				return true
			}
		case i.Image == want:
			return true
		}
	}
	return false
}

func (r Revision) hasVersion(want string) bool {
	if slices.Contains(r.Versions, want) {
		return true
	}
	for _, i := range r.Images {
		name, _, _ := strings.Cut(i.Image, "@")
		if strings.TrimPrefix(strings.TrimPrefix(name, withoutTag(name)), ":") == want {
			return true
		}
	}
	return false
}

// withoutTag is the repository of an image. A colon before the last slash is that
// of a port.
func withoutTag(image string) string {
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		return image[:colon]
	}
	return image
}

// String names the revision in a sentence.
func (r Revision) String() string {
	if r.FunctionVersion != "" {
		text := "function version " + r.FunctionVersion
		if r.Percent > 0 && r.Percent < 100 {
			text += " (" + percent(r.Percent) + ")"
		}
		return text
	}
	return "task definition " + last(r.TaskDefinition)
}

// details are all that is known of the revision.
func (r Revision) details() string {
	parts := []string{r.String()}
	for _, i := range r.Images {
		name := last(i.Image)
		if i.Digest != "" && !strings.Contains(name, "@") {
			name += "@" + i.Digest
		}
		parts = append(parts, name)
	}
	if r.FunctionVersion == "" {
		parts = append(parts, plural(r.Tasks, "task", "tasks"))
	}
	return strings.Join(parts, ", ")
}

// serviceVersions reads service.version out of OTEL_RESOURCE_ATTRIBUTES.
// (OpenTelemetry specification, resource SDK: pairs as in W3C Baggage.)
func serviceVersions(attributes string) (versions []string) {
	for pair := range strings.SplitSeq(attributes, ",") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.TrimSpace(key) != "service.version" {
			continue
		}
		value = strings.TrimSpace(value)
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		versions = append(versions, value)
	}
	return versions
}
