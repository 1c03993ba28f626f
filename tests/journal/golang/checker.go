// SPDX-License-Identifier: Apache-2.0

// Checks a journal of Muniment's with Go's own transparency-log code, which knows nothing of it:
// golang.org/x/mod/sumdb/note opens the checkpoint, sumdb/tlog checks the proofs and reads the tiles.
//
//	checker < claims.json
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64
	Entry []byte
	Proof [][]byte
	Text  string
}

type consistency struct {
	Size  int64
	Root  []byte
	Proof [][]byte
}

type claims struct {
	Key         string
	Folder      string
	Inclusion   []inclusion
	Consistency []consistency
}

type tiles struct{ folder string }

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		// Go's paths name the height; C2SP tlog-tiles has one height, and leaves it out.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func check() error {
	var c claims
	if err := json.NewDecoder(os.Stdin).Decode(&c); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(c.Folder, "checkpoint"))
	if err != nil {
		return err
	}
	size, root, err := open(data, c.Key)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{c.Folder})
	again, err := tlog.TreeHash(size, reader)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if again != root {
		return fmt.Errorf("tiles: they give the root %v, the checkpoint %v", again, root)
	}
	for _, each := range c.Inclusion {
		if err := included(each, size, root, reader, c.Key); err != nil {
			return fmt.Errorf("entry %d: %w", each.Index, err)
		}
	}
	for _, each := range c.Consistency {
		before, err := hash(each.Root)
		if err != nil {
			return err
		}
		proof, err := hashes(each.Proof)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, root, each.Size, before); err != nil {
			return fmt.Errorf("from size %d: %w", each.Size, err)
		}
	}
	return nil
}

func included(claim inclusion, size int64, root tlog.Hash, reader tlog.HashReader, key string) error {
	proof, err := hashes(claim.Proof)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(claim.Entry)
	if err := tlog.CheckRecord(proof, size, root, claim.Index, leaf); err != nil {
		return err
	}
	made, err := tlog.ProveRecord(size, claim.Index, reader)
	if err != nil {
		return err
	}
	if len(made) != len(proof) {
		return fmt.Errorf("Go's proof from the tiles has %d hashes", len(made))
	}
	for place := range made {
		if made[place] != proof[place] {
			return fmt.Errorf("Go's proof from the tiles differs at %d", place)
		}
	}
	return text(claim, key)
}

// text reads a proof in the form of C2SP tlog-proof.
func text(claim inclusion, key string) error {
	head, checkpoint, found := strings.Cut(claim.Text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("no tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[0], "extra "))
		if err != nil || !bytes.Equal(extra, claim.Entry) {
			return fmt.Errorf("the extra line is not the entry")
		}
		lines = lines[1:]
	}
	if lines[0] != fmt.Sprintf("index %d", claim.Index) {
		return fmt.Errorf("the proof's index line is %q", lines[0])
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		parsed, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, parsed)
	}
	size, root, err := open([]byte(checkpoint), key)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, size, root, claim.Index, tlog.RecordHash(claim.Entry))
}

func open(data []byte, key string) (int64, tlog.Hash, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return 0, tlog.Hash{}, fmt.Errorf("the checkpoint is %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

func hashes(data [][]byte) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, each := range data {
		parsed, err := hash(each)
		if err != nil {
			return nil, err
		}
		found = append(found, parsed)
	}
	return found, nil
}

func hash(data []byte) (tlog.Hash, error) {
	var found tlog.Hash
	if len(data) != len(found) {
		return found, fmt.Errorf("a hash of %d bytes", len(data))
	}
	copy(found[:], data)
	return found, nil
}
