{
  'targets': [
    {
      'target_name': 'accumulate_memdb',
      # The core needs no Node header; the binding is the only part that has one.
      'sources': [
        '<!@(node -p "[\'native/core/\', \'native/binding/\'].flatMap((d) => fs.readdirSync(d).filter((f) => f.endsWith(\'.cc\')).sort().map((f) => d + f)).join(\' \')")',
      ],
      'include_dirs': ['native', '<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
      ],
      # The core reports lack of memory by std::bad_alloc; nothing is thrown through Node-API.
      'cflags!': ['-fno-exceptions'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': [
        '-std=c++20',
        '-O3',
        '-fexceptions',
        '-fvisibility=hidden',
        '-fvisibility-inlines-hidden',
        '-Wall',
        '-Wextra',
      ],
      'conditions': [
        ['OS=="linux"', {
          # Node may unload the binary while one of its threads still returns through it.
          'ldflags': ['-Wl,-z,nodelete', '-Wl,--gc-sections'],
          'cflags_cc': ['-ffunction-sections', '-pthread'],
          'libraries': ['-pthread'],
        }],
        ['OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'CLANG_CXX_LIBRARY': 'libc++',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
            'GCC_OPTIMIZATION_LEVEL': '3',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
          },
        }],
        ['OS=="win"', {
          'msvs_settings': {
            'VCCLCompilerTool': {
              'ExceptionHandling': 1,
              'Optimization': 3,
              'AdditionalOptions': ['/std:c++20'],
            },
          },
        }],
      ],
    },
    {
      # The package loads no binary without its record.
      'target_name': 'record',
      'type': 'none',
      'dependencies': ['accumulate_memdb'],
      'actions': [
        {
          'action_name': 'record',
          'inputs': ['<(PRODUCT_DIR)/accumulate_memdb.node', '.dev/record.mjs', '.dev/project.mjs'],
          'outputs': ['<(PRODUCT_DIR)/accumulate_memdb.json'],
          'action': ['node', '.dev/record.mjs', '<(PRODUCT_DIR)/accumulate_memdb.node'],
        },
      ],
    },
  ],
}
