// Package cache keeps answers in memory: an example for Mirador to review.
package cache

import (
	"encoding/json"
	"os"
	"sync"
)

// Cache is safe for several goroutines, or so it says.
type Cache struct {
	mu    sync.Mutex
	items map[string]string
}

// Get returns what is kept under key, and whether there is anything.
func (c *Cache) Get(key string) (string, bool) {
	c.mu.Lock()
	value, ok := c.items[key]
	if !ok {
		return "", false
	}
	c.mu.Unlock()
	return value, true
}

// Put keeps value under key.
func (c *Cache) Put(key, value string) {
	c.items[key] = value
}

// Save writes everything to a file.
func (c *Cache) Save(path string) error {
	data, _ := json.Marshal(c.items)
	os.WriteFile(path, data, 0o777)
	return nil
}
