-- The tables of an index. There are no migrations: a file of another version is built anew.
-- What is the same in many rows is a number; ids of chunks are 16 bytes.

CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Something as it once was: a file with a content, or a memory. It stays a while after it was left.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,           -- "file", or the collection of a memory
    name TEXT NOT NULL,           -- of the file, or the id of the memory
    content TEXT NOT NULL,
    language TEXT NOT NULL,
    gone REAL,                    -- since when nobody has it; NULL while it can be found
    UNIQUE (name, content, kind)
);
CREATE INDEX sources_gone ON sources (gone) WHERE gone IS NOT NULL;

CREATE TABLE files (
    name TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    source INTEGER NOT NULL UNIQUE REFERENCES sources (id),
    level INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE memories (
    id TEXT PRIMARY KEY,
    source INTEGER NOT NULL UNIQUE REFERENCES sources (id),
    title TEXT NOT NULL,
    time REAL NOT NULL,
    about TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    header TEXT NOT NULL,
    text BLOB NOT NULL            -- UTF-8, deflated
);

-- A chunk in a source. Equal chunks of several sources are one chunk with several places.
CREATE TABLE places (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    chunk INTEGER NOT NULL REFERENCES chunks (id),
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL
);
CREATE INDEX places_source ON places (source, first);
CREATE INDEX places_chunk ON places (chunk);

-- The words of the places that can be found now; the number of a row is that of its place. Nothing
-- but the words is kept here, so they are removed by naming them again.
CREATE VIRTUAL TABLE words_of_files USING fts5 (
    text, symbol, path, content = '', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE words_of_memories USING fts5 (
    text, symbol, path, content = '', tokenize = 'ascii'
);

-- The symbol graph. Names of all sorts are numbers in it.
CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE INDEX names_lower ON names (lower(name));

CREATE TABLE mentions (
    name INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    source INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    qualifier INTEGER NOT NULL,
    line INTEGER NOT NULL,        -- the first of several
    PRIMARY KEY (name, kind, source, symbol, qualifier)
) WITHOUT ROWID;
CREATE INDEX mentions_source ON mentions (source);

CREATE TABLE embedders (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    used REAL NOT NULL
);

-- The number of a row is that of the embedder, then that of the chunk in 40 bits: rows of a table
-- by number stay on one page, those of a table by a key of two columns do not.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    vector BLOB NOT NULL          -- 16-bit floats, the least significant byte first
);
