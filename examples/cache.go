// Package cache keeps answers in memory: an example for Mirador to review.
package cache

import (
	"encoding/json"
	"os"
	"sync"
)

var (
	mu    sync.Mutex
	items map[string]string
)

// Get returns what is kept under key, and whether there is anything.
func Get(key string) (string, bool) {
	mu.Lock()
	value, ok := items[key]
	if !ok {
		return "", false
	}
	mu.Unlock()
	return value, true
}

// Put keeps value under key and writes everything to a file.
func Put(key, value, path string) error {
	items[key] = value
	data, _ := json.Marshal(items)
	os.WriteFile(path, data, 0o777)
	return nil
}
