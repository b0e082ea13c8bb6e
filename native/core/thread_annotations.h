#ifndef MEMDB_CORE_THREAD_ANNOTATIONS_H_
#define MEMDB_CORE_THREAD_ANNOTATIONS_H_

// Annotations of locks for clang's thread-safety analysis; empty for other compilers. The
// order in which locks are taken is in native/README.md.

#if defined(__clang__)
#define MEMDB_ANNOTATE(x) __attribute__((x))
#else
#define MEMDB_ANNOTATE(x)
#endif

#define CAPABILITY(name) MEMDB_ANNOTATE(capability(name))
#define SCOPED_CAPABILITY MEMDB_ANNOTATE(scoped_lockable)
#define GUARDED_BY(lock) MEMDB_ANNOTATE(guarded_by(lock))
#define PT_GUARDED_BY(lock) MEMDB_ANNOTATE(pt_guarded_by(lock))
#define ACQUIRED_AFTER(...) MEMDB_ANNOTATE(acquired_after(__VA_ARGS__))
#define REQUIRES(...) MEMDB_ANNOTATE(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) MEMDB_ANNOTATE(requires_shared_capability(__VA_ARGS__))
#define ACQUIRE(...) MEMDB_ANNOTATE(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) MEMDB_ANNOTATE(acquire_shared_capability(__VA_ARGS__))
#define RELEASE(...) MEMDB_ANNOTATE(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) MEMDB_ANNOTATE(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) MEMDB_ANNOTATE(release_generic_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) MEMDB_ANNOTATE(try_acquire_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) MEMDB_ANNOTATE(assert_capability(x))
#define EXCLUDES(...) MEMDB_ANNOTATE(locks_excluded(__VA_ARGS__))
#define RETURN_CAPABILITY(x) MEMDB_ANNOTATE(lock_returned(x))
#define NO_THREAD_SAFETY_ANALYSIS MEMDB_ANNOTATE(no_thread_safety_analysis)

#endif  // MEMDB_CORE_THREAD_ANNOTATIONS_H_
