package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// submissionOf is a submission of rows whose keys are numbers.
func submissionOf(n int) campaigner.Submission {
	sub := campaigner.Submission{Document: []byte(`{"graph":{"id":"w"}}`), WorkflowHash: "hash"}
	sub.Plan.Name, sub.Provenance.User = "c", "ada"
	sub.Items = func(yield func(campaign.Item, error) bool) {
		for i := range n {
			if !yield(campaign.Item{Number: i, Key: fmt.Sprint(i), Params: fmt.Appendf(nil, `{"x":%d}`, i), Priority: i % 3}, nil) {
				return
			}
		}
	}
	return sub
}

// countRows reads a submission to its end.
func countRows(_ context.Context, r io.Reader) (done campaigner.Submitted, err error) {
	sub, err := readSubmission(r)
	if err != nil {
		return done, err
	}
	done.Campaign = sub.Plan.Name + " of " + sub.Provenance.User
	for item, err := range sub.Items {
		if err != nil {
			return done, err
		}
		if item.Number != done.Rows || item.Key != fmt.Sprint(done.Rows) || item.Priority != done.Rows%3 || string(item.Params) != fmt.Sprintf(`{"x":%d}`, done.Rows) {
			return done, fmt.Errorf("row %d is %+v", done.Rows, item)
		}
		done.Rows++
	}
	return done, nil
}

// carry sends a stream part by part, each twice, as a client does whose answers are
// lost.
func carry(t *testing.T, u *campaignUploads, id string, stream []byte) partAnswer {
	t.Helper()
	var last partAnswer
	deadline := time.Now().Add(20 * time.Second)
	for index := 0; !last.Done; {
		p := part{ID: id, Index: index}
		at := min(index*chunkBytes, len(stream))
		p.Data = stream[at:min(at+chunkBytes, len(stream))]
		p.Last = at+chunkBytes >= len(stream)
		for range 2 {
			answer, err := u.serve(task.EncodeJSON(p))
			if err != nil {
				t.Fatal(err)
			}
			last = answer.(partAnswer)
		}
		index = last.Next
		if time.Now().After(deadline) {
			t.Fatalf("not done: %+v", last)
		}
	}
	return last
}

func stream(t *testing.T, sub campaigner.Submission) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeSubmission(&b, sub); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCampaignUpload(t *testing.T) {
	u := newCampaignUploads(countRows)
	got := carry(t, u, "one", stream(t, submissionOf(20_000)))
	if got.Refused != nil || *got.Result != (campaigner.Submitted{Campaign: "c of ada", Rows: 20_000}) {
		t.Errorf("%+v, %+v", got.Result, got.Refused)
	}
	// What is damaged, or of a stranger, is refused.
	damaged := stream(t, submissionOf(100))
	got = carry(t, u, "two", damaged[:len(damaged)-3])
	if got.Refused == nil || !strings.Contains(got.Refused.Error, "unexpected EOF") {
		t.Errorf("a stream that was cut: %+v", got)
	}
	got = carry(t, u, "three", []byte("\xff\xff\xff\xff{}"))
	if got.Refused == nil || !strings.Contains(got.Refused.Error, "at most") {
		t.Errorf("an endless record: %+v", got)
	}
	if _, err := u.serve(task.EncodeJSON(part{ID: "../x"})); err == nil {
		t.Error("a bad name was taken")
	}
	if _, err := u.serve(task.EncodeJSON(part{ID: "four", Index: 7, Data: []byte("x")})); err == nil {
		t.Error("the middle of a stream was taken")
	}
}

// An error ends the stream early, and mistakes are told apart.
func TestCampaignUploadRefused(t *testing.T) {
	for want, cause := range map[bool]error{
		true:  &campaign.Error{Message: "there is no column", Advice: "look"},
		false: errors.New("the disk is full"),
	} {
		u := newCampaignUploads(func(context.Context, io.Reader) (campaigner.Submitted, error) { return campaigner.Submitted{}, cause })
		got := carry(t, u, "one", stream(t, submissionOf(100_000)))
		err := got.Refused.err()
		if mistake := errors.As(err, new(*InvalidError)); err == nil || mistake != want || !strings.Contains(err.Error(), cause.Error()) {
			t.Errorf("%v, %v", err, got)
		}
	}
}

// There is no room for ever more submissions that nobody goes on with.
func TestCampaignUploadsBounded(t *testing.T) {
	u := newCampaignUploads(countRows)
	for i := range maxUploads {
		if _, err := u.serve(task.EncodeJSON(part{ID: fmt.Sprint(i), Data: []byte("x")})); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := u.serve(task.EncodeJSON(part{ID: "more", Data: []byte("x")})); err == nil {
		t.Error("one more was taken")
	}
	u.mu.Lock()
	open := slices.Collect(maps.Values(u.open))
	u.mu.Unlock()
	for _, up := range open {
		up.gone.Reset(0) // as if a minute had passed
		<-up.done
		if up.err == nil || !strings.Contains(up.err.Error(), "the client is gone") {
			t.Errorf("ended with %v", up.err)
		}
	}
}

// Answers come piece by piece, and a piece that is asked for twice is the same.
func TestCampaignAnswers(t *testing.T) {
	c := newCampaignAnswers(campaigner.Folder{Dir: t.TempDir()})
	fetch := func(id string, q campaignQuestion) (data []byte, r *refused) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for index := 0; ; {
			var p, again piece
			for _, to := range []*piece{&p, &again} {
				answer, err := c.serve(task.EncodeJSON(ask{ID: id, Index: index, Question: q}))
				if err != nil {
					t.Fatal(err)
				}
				*to = answer.(piece)
			}
			if p.Wait || again.Wait {
				if time.Now().After(deadline) {
					t.Fatal("no answer")
				}
				continue
			}
			if !bytes.Equal(p.Data, again.Data) {
				t.Errorf("piece %d differs", index)
			}
			data = append(data, p.Data...)
			if p.Last {
				return data, p.Refused
			}
			index++
		}
	}
	if data, r := fetch("a", campaignQuestion{About: askAll}); r != nil || string(data) != "[]\n" {
		t.Errorf("%q, %+v", data, r)
	}
	if _, r := fetch("b", campaignQuestion{About: askStatus, Campaign: "nosuch"}); r == nil || !r.Mistake || r.Hint == "" {
		t.Errorf("%+v", r)
	}
	if _, r := fetch("c", campaignQuestion{About: askRows, Campaign: "nosuch", Where: "("}); r == nil || !r.Mistake {
		t.Errorf("%+v", r)
	}
	if _, err := c.serve(task.EncodeJSON(ask{ID: "a", Index: 9})); err == nil {
		t.Error("a piece was skipped")
	}
	for i := range 3 * maxUploads { // who has all makes room
		fetch(fmt.Sprintf("d%d", i), campaignQuestion{About: askAll})
	}
}

// Submissions that have been answered keep no other back.
func TestUploadsAfterEachOther(t *testing.T) {
	u := newCampaignUploads(countRows)
	for range 3 * maxUploads {
		if last := carry(t, u, task.NewKey(), stream(t, submissionOf(2))); last.Result.Rows != 2 || last.Refused != nil {
			t.Fatalf("%+v", last)
		}
	}
}

// A client that cannot go on says so, and the submission ends at once.
func TestUploadGivenUp(t *testing.T) {
	u := newCampaignUploads(countRows)
	id := task.NewKey()
	if _, err := u.serve(task.EncodeJSON(part{ID: id, Data: stream(t, submissionOf(9))[:300]})); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; {
		answer, err := u.serve(task.EncodeJSON(part{ID: id, Index: 1, GivenUp: true}))
		if err != nil {
			t.Fatal(err)
		}
		if a := answer.(partAnswer); a.Done {
			if a.Refused == nil || !strings.Contains(a.Refused.Error, errGivenUp.Error()) {
				t.Errorf("%+v", a)
			}
			return
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal("it goes on")
		}
	}
}
