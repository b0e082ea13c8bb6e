#ifndef MEMDB_CORE_BATCH_H_
#define MEMDB_CORE_BATCH_H_

#include "entry.h"
#include "open_snapshots.h"
#include "read_set.h"
#include "table.h"

namespace memdb {

// Pending writes on top of a parent batch, or of the version that a root batch pins. A
// session owns and guards it.
struct Batch {
  // Null in a root batch.
  Batch* parent = nullptr;
  // The batches nested in this one, linked through next_sibling. `link` is the pointer to
  // this batch in its parent's list, or in the session's list of root batches.
  Batch* first_child = nullptr;
  Batch* next_sibling = nullptr;
  Batch** link = nullptr;
  // Only in a root batch. The session lists it, so it changes while the batch is only read.
  mutable OpenSnapshot snapshot;
  // The version that the root of this batch pins.
  Version version = 0;
  bool open = false;
  bool writable = false;
  // What the batch read, together with the batches nested in its root; null if the root is not
  // optimistic. The root owns it. Reading changes it.
  ReadSet* reads = nullptr;
  // Entries that the batch owns, including deletions.
  Table writes;
};

}  // namespace memdb

#endif  // MEMDB_CORE_BATCH_H_
