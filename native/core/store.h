#ifndef MEMDB_CORE_STORE_H_
#define MEMDB_CORE_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <span>
#include <vector>

#include "digest.h"
#include "entry.h"
#include "heap.h"
#include "mutex.h"
#include "read_set.h"
#include "shard.h"
#include "snapshot.h"
#include "status.h"
#include "store_id.h"
#include "table.h"
#include "thread_annotations.h"
#include "transaction_mutex.h"
#include "version_tree.h"

namespace memdb {

class Session;

// The data of one database: a map of versions in shards. Threads use it through their
// sessions. They make every call that reads or writes data under their session's mutex, so
// that Close can wait until nobody is inside. Reclaimer has no session, but a mutex of the store.
//
// Lock order: transaction mutex, registry, list of sessions, one session, snapshot list, one
// shard, heap. Never two sessions, never two shards. A commit also tries the transaction
// mutex under its session's mutex, without waiting.
class Store {
 public:
  using Id = StoreId;

  // Keys and values may take max_bytes in all.
  explicit Store(uint64_t max_bytes);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const Id& id() const { return id_; }
  uint64_t max_bytes() const { return max_bytes_; }

  // The address of the handle that other threads attach by. Never read or written through: a handle
  // at another address is a copy. Set it before another thread knows the id.
  void set_handle(const void* handle) { handle_ = handle; }
  const void* handle() const { return handle_; }

  Tag TagOf(const Digest& digest) const { return tag_hasher_(digest); }
  Heap& heap() { return heap_; }
  SnapshotList& snapshots() { return snapshots_; }
  TransactionMutex& transaction() RETURN_CAPABILITY(transaction_) { return transaction_; }

  // Returns the entry that a reader of the version sees, or null if the key has none or
  // was deleted. The entry stays while the caller pins the version.
  const Entry* Find(const Digest& digest, Tag tag, Version version);

  struct Lookup {
    Digest digest;
    Tag tag;
    const Entry* found;
  };
  // Finds many, and waits for memory once rather than once for each.
  void FindMany(std::span<Lookup*> lookups, Version version);

  // Calls `function` with the digest and the entry of each key in one shard, as a reader of the
  // version sees it. It holds the shard's lock.
  template <typename Function>
  void ForEachVisible(size_t shard, Version version, Function&& function);

  // Lists the entries of one shard that a reader of the version sees, except for keys that
  // are `hidden` by their digests. Returns false if memory cannot be allocated.
  template <typename Hidden>
  bool Collect(size_t shard, Version version, Hidden&& hidden, std::vector<const Entry*>* entries);

  // Some of the keys that a batch read and others have changed since.
  struct Changed {
    // The sizes of the stored keys, or kAbsent where a digest stands in place of a key.
    std::span<int32_t> sizes;
    // The keys, one after the other.
    std::span<uint8_t> bytes;
    size_t count = 0;
  };
  // Returns whether a commit has changed anything that was read at `version`, which the caller
  // pins. Compares the newest version of each key with that one. Lists in `changed` what has room.
  bool Conflicts(const ReadSet& reads, Version version, Changed* changed) REQUIRES(transaction_);

  // Makes `writes` the next version. Takes over its entries and the caller's pin, which is that of
  // an optimistic batch or not; on kFull nothing has changed.
  Status Commit(Table& writes, Pin* own_pin, bool optimistic) REQUIRES(transaction_);
  // If the last commit would have passed max_bytes: how many bytes it needed. Else 0.
  uint64_t over_limit() const REQUIRES(transaction_) { return over_limit_; }

  // Examines up to `limit` superseded entries and frees those that nobody can see. Returns
  // how many are still unexamined.
  size_t Reclaim(size_t limit);
  // The same for a thread without a session. Returns 0 if the store is closed.
  size_t ReclaimAside(size_t limit) EXCLUDES(aside_mutex_);
  // Of Reclaimer, which alone uses this.
  std::atomic<bool> reclaim_requested{false};

  bool closed() const { return closed_.load(std::memory_order_acquire); }
  // Ends every session's use of the store and frees the data. Waits for current calls of
  // other threads, but not for their JavaScript.
  void Close() EXCLUDES(sessions_mutex_, aside_mutex_);

  void AddSession(Session* session) EXCLUDES(sessions_mutex_);
  // Returns how many are left. Then AwaitAbandon must be called before the session is freed.
  size_t RemoveSession(Session* session) EXCLUDES(sessions_mutex_);
  // Waits until Close, in another thread, is done with the session.
  void AwaitAbandon(Session* session);

  struct Stats {
    uint64_t entries;
    uint64_t bytes;
    uint64_t held_bytes;
    uint64_t snapshots;
    uint64_t superseded;
    uint64_t commits;
  };
  Stats GetStats();
  // `function` must not wait for anything: it would delay others that need the list.
  template <typename Function>
  void ForEachSession(Function&& function) EXCLUDES(sessions_mutex_) {
    MutexLock lock(sessions_mutex_);
    for (Session* session : sessions_) function(*session);
  }

 private:
  Shard& ShardAt(Tag tag) { return shards_[ShardOf(tag)]; }
  const Entry* Visible(Ref head, Version version) const {
    const Entry* entry = versions_.Find(head, version);
    return entry == nullptr || entry->deleted() ? nullptr : entry;
  }
  // Reserves a slot for every key that is new. False if memory cannot be allocated.
  bool Announce(const Table& writes);
  bool Announce(const Table::Slot& write);
  bool AnnounceMany(const Table& writes);
  void Withdraw(const Table& writes);
  bool FitsLimit(const Table& writes) REQUIRES(transaction_);
  // How a commit changes the store's counts.
  struct Change {
    SupersededList superseded;
    uint64_t entries = 0;  // added; wraps around if more are removed
    uint64_t bytes = 0;
  };
  // Sets abandoning_ to the next session, null at the end; returns it.
  Session* NextToAbandon() EXCLUDES(sessions_mutex_);
  void Link(Tag tag, Ref ref, Version version, Change* change);
  void Free(Ref ref);
  // If an optimistic batch needs the superseded entry (see SnapshotList), returns the version of
  // the mark that hides the entry, else 0.
  Version MarkToKeep(const Shard& shard, Ref ref) const REQUIRES_SHARED(shard.lock);
  // Takes a superseded entry out of the map. Returns the mark that went with it, or 0.
  Ref Unlink(Shard& shard, Ref ref, Tag tag) REQUIRES(shard.lock);
  // Lists a key that was read at `version` and has a newer one. Under the lock of its shard.
  void List(Ref newest, Version version, Changed* changed) const;

  const Id id_;
  const uint64_t max_bytes_;
  const void* handle_ = nullptr;
  const TagHasher tag_hasher_;
  Heap heap_;
  // Of all keys.
  VersionTree versions_{heap_};
  SnapshotList snapshots_;
  TransactionMutex transaction_;
  uint64_t over_limit_ GUARDED_BY(transaction_) = 0;
  std::array<Shard, kShards> shards_;

  // The holder of the transaction mutex writes these.
  std::atomic<uint64_t> entries_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> commits_{0};
  // Superseded entries that are not freed yet.
  std::atomic<uint64_t> superseded_{0};
  std::atomic<bool> closed_{false};

  // Held by a thread that is inside the store without a session, and while the data is freed.
  Mutex aside_mutex_;

  // Never held while waiting.
  Mutex sessions_mutex_;
  std::list<Session*> sessions_ GUARDED_BY(sessions_mutex_);
  // Of Close: the next session that it will abandon, and the one that it abandons now.
  std::list<Session*>::iterator next_to_abandon_ GUARDED_BY(sessions_mutex_) = sessions_.end();
  std::atomic<Session*> abandoning_{nullptr};
};

template <typename Function>
void Store::ForEachVisible(size_t shard_index, Version version, Function&& function) {
  Shard& shard = shards_[shard_index];
  ReaderLock lock(shard.lock);
  shard.table.ForEach([&](const Table::Slot& slot) {
    if (const Entry* entry = Visible(slot.ref, version)) {
      function(EntryAt(heap_, slot.ref)->digest, *entry);
    }
  });
}

template <typename Hidden>
bool Store::Collect(size_t shard_index, Version version, Hidden&& hidden,
                    std::vector<const Entry*>* entries) {
  Shard& shard = shards_[shard_index];
  ReaderLock lock(shard.lock);
  entries->clear();
  try {
    entries->reserve(shard.table.size());
  } catch (const std::bad_alloc&) {
    return false;
  }
  shard.table.ForEach([&](const Table::Slot& slot) {
    const Entry* entry = Visible(slot.ref, version);
    if (entry != nullptr && !hidden(EntryAt(heap_, slot.ref)->digest)) entries->push_back(entry);
  });
  return true;
}

}  // namespace memdb

#endif  // MEMDB_CORE_STORE_H_
