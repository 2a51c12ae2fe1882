package service

import (
	"net/http"
	"slices"
)

// getHealth answers as long as the process can answer at all.
func (s *Service) getHealth(w http.ResponseWriter, _ *http.Request) *refusal {
	s.health(w, "ok")
	return nil
}

// getReady says whether requests should be sent here: not while the process
// stops, nor while it sheds load that others might take, nor before it can tell
// a good token from a bad one.
//
// Shedding is left out of that with ?exclude=overloaded. A load balancer whose
// health checks have tasks killed asks like this, as that of ECS does: load
// that is too much for all would otherwise end one task after the other, and
// leave fewer to bear it.
//
// It does not ask SNS. If SNS is away, it is away for every process: taking
// all of them out of the load balancer would turn refusals that name their
// reason into anonymous ones, and would make ECS replace healthy tasks.
func (s *Service) getReady(w http.ResponseWriter, r *http.Request) *refusal {
	switch {
	case s.draining.Load():
		s.notReady(w, r, &refusal{code: codeStopping, detail: "This process is stopping."})
	case s.publisher.saturated() && !slices.Contains(r.URL.Query()["exclude"], codeOverloaded):
		s.notReady(w, r, &refusal{code: codeOverloaded, detail: "This process does not keep up with its requests."})
	default:
		if s.bearer != nil {
			if err := s.bearer.Ready(); err != nil {
				s.notReady(w, r, bearerRefusal(err))
				return nil
			}
		}
		s.health(w, "ready")
	}
	return nil
}

func (s *Service) health(w http.ResponseWriter, status string) {
	w.Header().Set("Cache-Control", "no-store")
	s.respond(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{status})
}

// notReady is an answer like any other to whoever asks: not counted, not
// logged.
func (s *Service) notReady(w http.ResponseWriter, r *http.Request, refused *refusal) {
	w.Header().Set("Cache-Control", "no-store")
	s.respondProblem(w, r, refused)
}
