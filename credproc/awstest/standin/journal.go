package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc/awstest"
)

// journal is the stand-in with a line in a file for each request. The line is
// written before the client has the answer. Codes stay out of it.
type journal struct {
	aws *awstest.Server

	mu      sync.Mutex
	file    *os.File
	written int
}

func openJournal(aws *awstest.Server, dir string) (*journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, "journal"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return &journal{aws: aws, file: f}, nil
}

// ServeHTTP implements http.Handler.
func (j *journal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.aws.ServeHTTP(w, r)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.aws.Journal()[j.written:] {
		j.written++
		if _, err := fmt.Fprintln(j.file, e.Time.Format(time.RFC3339), e.Action, e.Verdict, e.RoleARN); err != nil {
			fmt.Fprintln(os.Stderr, "standin: error: writing the journal:", err)
		}
	}
}

// Close closes the file.
func (j *journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
