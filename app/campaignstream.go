package app

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// A submission of a campaign is a stream of records: first a campaignHead, then a
// campaignRow for each row. A record is its length in 4 bytes, big-endian, and JSON.

// campaignHead is what a campaign is to do.
type campaignHead struct {
	Plan         campaigner.Plan `json:"plan"`
	Document     json.RawMessage `json:"document"`
	WorkflowHash string          `json:"workflow_hash"`
	User         string          `json:"user,omitempty"`
}

// campaignRow is a row; its number is its position.
type campaignRow struct {
	Key      string          `json:"k"`
	Params   json.RawMessage `json:"p"`
	Priority int             `json:"y,omitempty"`
}

const (
	maxHead = workflow.DefaultMaxBytes + 64<<20 // bytes
	maxRow  = 2 * campaign.MaxLine
	maxKey  = 64
)

func writeRecord(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(data)))
	if _, err := w.Write(length[:]); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// readRecord returns io.EOF at the end of the stream.
func readRecord(r io.Reader, most int, v any) error {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	if n > most {
		return fmt.Errorf("record of %d bytes, at most %d", n, most)
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(data) < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// writeSubmission streams a submission.
func writeSubmission(w io.Writer, sub campaigner.Submission) error {
	out := bufio.NewWriterSize(w, chunkBytes)
	head := campaignHead{Plan: sub.Plan, Document: sub.Document, WorkflowHash: sub.WorkflowHash, User: sub.Provenance.User}
	if err := writeRecord(out, head); err != nil {
		return err
	}
	for item, err := range sub.Items {
		if err == nil {
			err = writeRecord(out, campaignRow{item.Key, item.Params, item.Priority})
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// readSubmission reads what writeSubmission wrote; its items read on.
func readSubmission(r io.Reader) (sub campaigner.Submission, err error) {
	in := bufio.NewReaderSize(r, chunkBytes)
	var head campaignHead
	if err := readRecord(in, maxHead, &head); err != nil {
		return sub, fmt.Errorf("submission of a campaign: %w", err)
	}
	return campaigner.Submission{
		Plan: head.Plan, Document: head.Document, WorkflowHash: head.WorkflowHash,
		Provenance: ledger.Provenance{User: head.User}, Items: readItems(in),
	}, nil
}

func readItems(in io.Reader) iter.Seq2[campaign.Item, error] {
	return func(yield func(campaign.Item, error) bool) {
		for number := 0; ; number++ {
			var row campaignRow
			err := readRecord(in, maxRow, &row)
			if err == io.EOF {
				return
			}
			switch {
			case err != nil:
			case number >= campaign.MaxRows:
				err = fmt.Errorf("more than %d rows", campaign.MaxRows)
			case row.Key == "" || len(row.Key) > maxKey || len(row.Params) == 0 || row.Params[0] != '{':
				err = fmt.Errorf("row %d is not one", number)
			}
			if err != nil {
				err = fmt.Errorf("submission of a campaign: %w", err)
			}
			item := campaign.Item{Number: number, Key: row.Key, Params: row.Params, Priority: row.Priority}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}
