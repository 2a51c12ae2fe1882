package workflows_test

import (
	"fmt"
	"strings"
)

// The rules on who does what: as whom a job goes to AWS, and from which branch.

func identity(w *workflow) (problems []string) {
	for _, name := range sorted(w.Jobs) {
		j := w.Jobs[name]
		uses := j.Uses != "" && !strings.HasSuffix(j.Uses, "/ci.yml") // what it calls is checked by itself; the tests need nobody's rights
		for _, s := range j.Steps {
			uses = uses || strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") || strings.Contains(s.Run, "cosign sign ")
		}
		if may := j.Permissions["id-token"] == "write"; may != uses {
			problems = append(problems, fmt.Sprintf("job %s: id-token: write is %v, but that it takes a role or signs is %v", name, may, uses))
		}
	}
	return problems
}

func roles(w *workflow) (problems []string) {
	for _, name := range sorted(w.Jobs) {
		j := w.Jobs[name]
		for _, s := range j.Steps {
			if !strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") {
				continue
			}
			want := "${{ vars[format('AWS_PLAN_ROLE_ARN_{0}', matrix.environment)] }}"
			if j.Environment != "" {
				want = "${{ vars.AWS_ROLE_ARN }}"
			}
			if got := s.With["role-to-assume"]; got != want {
				problems = append(problems, fmt.Sprintf("job %s: takes %q, want %q", name, got, want))
			}
			if got := s.With["aws-region"]; got != "${{ vars.AWS_REGION }}" {
				problems = append(problems, fmt.Sprintf("job %s: works in %q, want the variable AWS_REGION", name, got))
			}
			if s.With["aws-access-key-id"] != "" || s.With["aws-secret-access-key"] != "" {
				problems = append(problems, "job "+name+": has a key, want a role alone")
			}
		}
	}
	return problems
}

// onMain wants what changes an environment to run on main alone, however well all
// else has gone.
func onMain(w *workflow) (problems []string) {
	for _, name := range sorted(w.Jobs) {
		j := w.Jobs[name]
		if j.Uses == "" && j.Environment == "" {
			continue
		}
		s := scope{contexts: map[string]any{
			"vars": map[string]any{"ENVIRONMENTS": `["dev", "staging", "prod"]`},
			"needs": map[string]any{
				"build": map[string]any{"result": "success"}, "changed": map[string]any{"outputs": map[string]any{"modules": "network"}},
			},
		}}
		for ref, want := range map[string]bool{"refs/heads/main": true, "refs/heads/branch": false, "refs/tags/main": false} {
			s.contexts["github"] = map[string]any{"ref": ref}
			if got, err := s.holds(j.If); err != nil || got != want {
				problems = append(problems, fmt.Sprintf("job %s: runs on %s: %v, %v, want %v", name, ref, got, err, want))
			}
		}
	}
	return problems
}
