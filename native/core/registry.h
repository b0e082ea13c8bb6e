#ifndef MEMDB_CORE_REGISTRY_H_
#define MEMDB_CORE_REGISTRY_H_

#include <map>
#include <memory>

#include "mutex.h"
#include "store.h"
#include "thread_annotations.h"

namespace memdb {

// Every open store of the process, by its id: a handle is valid if its id is here. The
// sessions keep a store alive; when the last one leaves, the store is closed and freed.
class Registry {
 public:
  // The one of the process. Never destroyed: threads may outlive the end of main.
  static Registry& Instance();

  void Add(std::shared_ptr<Store> store, Session* creator) EXCLUDES(mutex_);
  // Returns null if there is no such store, or no longer.
  std::shared_ptr<Store> Find(const Store::Id& id) EXCLUDES(mutex_);
  // Returns false if the store is gone.
  bool Join(const Store::Id& id, Session* session) EXCLUDES(mutex_);
  void Leave(const std::shared_ptr<Store>& store, Session* session) EXCLUDES(mutex_);
  // Makes the store's handles invalid.
  void Remove(const Store::Id& id) EXCLUDES(mutex_);

 private:
  // Never held while waiting.
  Mutex mutex_;
  std::map<Store::Id, std::shared_ptr<Store>> stores_ GUARDED_BY(mutex_);
};

}  // namespace memdb

#endif  // MEMDB_CORE_REGISTRY_H_
