#ifndef MEMDB_CORE_STATUS_H_
#define MEMDB_CORE_STATUS_H_

namespace memdb {

// How a call ended. The numbers are those of `Status` in lib/engine/engine.ts.
enum class Status : int {
  kOk = 0,
  kAbsent = -1,         // the batch sees no such key
  kNoRoom = -2,         // the target is too small; nothing was done
  kClosed = -3,         // the database is closed
  kFull = -4,           // maxBytes would be exceeded, or there is no memory; nothing was done
  kBusy = -5,           // the lock was not free within the time limit
  kNested = -6,         // this thread already holds the transaction mutex
  kInvalidHandle = -7,  // not a database of this process
  kMisuse = -8,         // an id or position that the engine never gave to the caller
  kConflict = -9,       // what an optimistic batch read has changed; the batch is closed
};

}  // namespace memdb

#endif  // MEMDB_CORE_STATUS_H_
