#ifndef MEMDB_CORE_RECLAIMER_H_
#define MEMDB_CORE_RECLAIMER_H_

#include <memory>
#include <thread>
#include <vector>

#include "condition.h"
#include "mutex.h"
#include "thread_annotations.h"

namespace memdb {

class Store;

// Frees superseded entries if no thread of their store does: the one that ended the last batch
// that saw them may sleep for long. Its own thread starts when there is something to free, and ends
// soon after. If no thread can be started, the next request tries again.
class Reclaimer {
 public:
  // The one of the process. Never destroyed: threads may outlive the end of main.
  static Reclaimer& Instance();

  // Has the unexamined entries of the store examined soon. Cheap if that was requested already.
  static void Request(const std::shared_ptr<Store>& store);

  // Ends the thread and waits until it has ended. Requests that it did not get to are forgotten.
  void Stop() EXCLUDES(mutex_);

  // Whether the thread is alive. For tests.
  bool running() EXCLUDES(mutex_);

 private:
  void Add(const std::shared_ptr<Store>& store) EXCLUDES(mutex_);
  void Run() EXCLUDES(mutex_);
  // Waits for a moment. Returns the stores that want something, none if the thread must end.
  std::vector<std::weak_ptr<Store>> Await() EXCLUDES(mutex_);
  bool stopping() EXCLUDES(mutex_);

  // No other mutex is taken under it.
  ConditionMutex mutex_;
  Condition stop_;
  std::vector<std::weak_ptr<Store>> stores_ GUARDED_BY(mutex_);
  std::thread thread_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace memdb

#endif  // MEMDB_CORE_RECLAIMER_H_
