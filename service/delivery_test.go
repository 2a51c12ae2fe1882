package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func TestPublisher_EntriesFail_OnlyPassingOnesAreRepeated(t *testing.T) {
	is := func(bodies ...string) func(string) bool {
		return func(b string) bool { return slices.Contains(bodies, b) }
	}
	for name, tc := range map[string]struct {
		answer func(n int, in *sns.PublishBatchInput) *sns.PublishBatchOutput
		want   []string
		sizes  []int
	}{
		"SNS's fault, then well": {
			func(n int, in *sns.PublishBatchInput) *sns.PublishBatchOutput {
				if n == 1 {
					return failing(in, "InternalError", false, is("b", "c"))
				}
				return confirm(in)
			},
			[]string{"", "", ""},
			[]int{3, 2},
		},
		"SNS's fault, always": {
			func(_ int, in *sns.PublishBatchInput) *sns.PublishBatchOutput {
				return failing(in, "InternalError", false, is("b"))
			},
			[]string{"", codePublishUnavailable, ""},
			[]int{3, 1, 1},
		},
		"throttled, whoever's fault it is called": {
			func(_ int, in *sns.PublishBatchInput) *sns.PublishBatchOutput {
				return failing(in, "Throttled", true, is("a"))
			},
			[]string{codePublishThrottled, "", ""},
			[]int{3, 1, 1},
		},
		"the sender's fault": {
			func(_ int, in *sns.PublishBatchInput) *sns.PublishBatchOutput {
				return failing(in, "InvalidParameter", true, is("c"))
			},
			[]string{"", "", codePublishRefused},
			[]int{3},
		},
		"not mentioned": {
			func(_ int, in *sns.PublishBatchInput) *sns.PublishBatchOutput {
				out := confirm(in)
				return &sns.PublishBatchOutput{Successful: out.Successful[:len(out.Successful)-1]}
			},
			[]string{"", "", codePublishUnavailable},
			[]int{3, 1, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeSNS{answer: func(_ context.Context, n int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
					return tc.answer(n, in), nil
				}}
				p := newTestPublisher(f)
				if got := publish(t.Context(), p, "a", "b", "c"); !slices.Equal(got, tc.want) {
					t.Errorf("outcomes = %q, want %q", got, tc.want)
				}
				synctest.Wait()
				if sizes := f.sizes(); !slices.Equal(sizes, tc.sizes) {
					t.Errorf("calls had %v entries, want %v", sizes, tc.sizes)
				}
			})
		})
	}
}

func TestPublisher_RequestGoneBetweenAttempts_IsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		f := &fakeSNS{answer: func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			leave()
			return failing(in, "InternalError", false, func(string) bool { return true }), nil
		}}
		p := newTestPublisher(f)
		publish(ctx, p, "gone")
		time.Sleep(time.Second) // longer than the waits between attempts
		synctest.Wait()
		if n := len(f.sizes()); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
		if p.pending != 0 {
			t.Errorf("%d entries are pending", p.pending)
		}
	})
}

func TestPublisher_OneEntrySpoilsTheCall_OthersArePublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{answer: func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			for _, e := range in.PublishBatchRequestEntries {
				if *e.Message == "poison" {
					return nil, apiError("InvalidParameter")
				}
			}
			return nil, nil
		}}
		p := newTestPublisher(f)
		got := publish(t.Context(), p, "a", "poison", "c")
		if want := []string{"", codePublishRefused, ""}; !slices.Equal(got, want) {
			t.Errorf("outcomes = %q, want %q", got, want)
		}
		if sizes := f.sizes(); !slices.Equal(sizes, []int{3, 1, 1, 1}) {
			t.Errorf("calls had %v entries, want one of all and one of each", sizes)
		}
	})
}

func TestPublisher_ClientPanics_FailsItsEntriesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{answer: func(_ context.Context, n int, _ *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			if n == 1 {
				panic("a bug in a middleware")
			}
			return nil, nil
		}}
		p := newTestPublisher(f)
		wantAll(t, publish(t.Context(), p, "a", "b"), codePublishUnavailable)
		wantAll(t, publish(t.Context(), p, "c"), "")
	})
}

func TestCallFailure_ByKind_HasCode(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"throttled":       {apiError("Throttled"), codePublishThrottled},
		"KMS throttled":   {apiError("KMSThrottling"), codePublishThrottled},
		"not allowed":     {apiError("AuthorizationError"), codePublishRefused},
		"no such topic":   {apiError("NotFound"), codePublishRefused},
		"SNS is broken":   {apiError("InternalError"), codePublishUnavailable},
		"network":         {errors.New("connection refused"), codePublishUnavailable},
		"took too long":   {fmt.Errorf("attempt 3: %w", context.DeadlineExceeded), codePublishTimeout},
		"stopped halfway": {context.Canceled, codePublishUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			if got := callFailure(tc.err).code; got != tc.want {
				t.Errorf("code = %q, want %q", got, tc.want)
			}
		})
	}
}
