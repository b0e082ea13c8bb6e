#ifndef MEMDB_CORE_STATUS_H_
#define MEMDB_CORE_STATUS_H_

namespace memdb {

// How a call ended. The numbers are those of `Status` in lib/engine/engine.ts.
enum class Status : int {
  kOk = 0,
  kAbsent = -1,         // no such key in what the batch sees
  kNoRoom = -2,         // the target is too small; nothing was done
  kClosed = -3,         // the database is closed
  kFull = -4,           // maxBytes would be passed, or no memory; nothing was done
  kBusy = -5,           // the lock was not got in the time given
  kNested = -6,         // this thread holds the transaction mutex already
  kInvalidHandle = -7,  // no database of this process
  kMisuse = -8,         // an id or position that the caller never got from here
};

}  // namespace memdb

#endif  // MEMDB_CORE_STATUS_H_
