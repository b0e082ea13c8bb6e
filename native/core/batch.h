#ifndef MEMDB_CORE_BATCH_H_
#define MEMDB_CORE_BATCH_H_

#include "entry.h"
#include "open_snapshots.h"
#include "table.h"

namespace memdb {

// Pending writes on top of a parent batch, or of the version that a root batch
// pins. Owned by a session, which guards it: it has no lock of its own.
struct Batch {
  // Null of a root batch.
  Batch* parent = nullptr;
  // The batches nested in this one, linked through next_sibling; `link` is what
  // leads to this batch in its parent's list, or in the session's list of roots.
  Batch* first_child = nullptr;
  Batch* next_sibling = nullptr;
  Batch** link = nullptr;
  // Of a root batch. Listed by the session, whoever reads the batch.
  mutable OpenSnapshot snapshot;
  // The version that the root of this batch pins.
  Version version = 0;
  bool open = false;
  bool writable = false;
  // Entries that belong to the batch, deletions among them.
  Table writes;
};

}  // namespace memdb

#endif  // MEMDB_CORE_BATCH_H_
