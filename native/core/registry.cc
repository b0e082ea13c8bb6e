#include "registry.h"

#include <utility>

namespace memdb {

Registry& Registry::Instance() {
  static auto* const registry = new Registry;
  return *registry;
}

void Registry::Add(std::shared_ptr<Store> store, Session* creator) {
  MutexLock lock(mutex_);
  store->AddSession(creator);
  stores_.emplace(store->id(), std::move(store));
}

std::shared_ptr<Store> Registry::Find(const Store::Id& id) {
  MutexLock lock(mutex_);
  const auto at = stores_.find(id);
  return at == stores_.end() ? nullptr : at->second;
}

bool Registry::Join(const Store::Id& id, Session* session) {
  MutexLock lock(mutex_);
  const auto at = stores_.find(id);
  if (at == stores_.end()) return false;
  at->second->AddSession(session);
  return true;
}

void Registry::Leave(const std::shared_ptr<Store>& store, Session* session) {
  bool last;
  {
    MutexLock lock(mutex_);
    last = store->RemoveSession(session) == 0;
    if (last) stores_.erase(store->id());
  }
  // Without the mutex: the one waits for another thread, the other frees all data.
  store->AwaitAbandon(session);
  if (last) store->Close();
}

void Registry::Remove(const Store::Id& id) {
  MutexLock lock(mutex_);
  stores_.erase(id);
}

}  // namespace memdb
