{
  "variables": {
    # Processors that the vector loops are compiled for: this machine's, or x86-64-v3 (AVX2), x86-64-v4 (AVX-512), generic.
    "level%": "native"
  },
  "target_defaults": {
    "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
    "defines": ["NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL"],
    "conditions": [
      ["OS=='mac'", {
        "xcode_settings": {
          "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
          "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
          "GCC_ENABLE_CPP_RTTI": "YES",
          "MACOSX_DEPLOYMENT_TARGET": "12.0"
        }
      }],
      # The loops are written in the vectors of GCC and clang, which MSVC's own compiler does not know.
      ["OS=='win'", {
        "msbuild_toolset": "ClangCL",
        "msvs_settings": {
          "VCCLCompilerTool": {"ExceptionHandling": 1, "RuntimeTypeInfo": "true", "AdditionalOptions": ["/std:c++17", "-Wno-unused-parameter"]}
        }
      }]
    ]
  },
  "targets": [
    {
      "target_name": "caffe_native",
      "sources": [
        "native/src/addon.cc",
        "native/src/args.cc",
        "native/src/arithmetic.cc",
        "native/src/bf16-products.cc",
        "native/src/channels.cc",
        "native/src/bytes.cc",
        "native/src/convolution.cc",
        "native/src/direct.cc",
        "native/src/few-planes.cc",
        "native/src/copies.cc",
        "native/src/inner-product.cc",
        "native/src/losses.cc",
        "native/src/lrn.cc",
        "native/src/memory.cc",
        "native/src/noise.cc",
        "native/src/pooling.cc",
        "native/src/primitive.cc",
        "native/src/regions.cc",
        "native/src/scores.cc",
        "native/src/suppression.cc",
        "native/src/tape.cc",
        "native/src/reorder.cc",
        "native/src/row-products.cc",
        "native/src/unary.cc",
        "native/src/unit-length.cc",
        "native/src/unpooling.cc",
        "native/src/updates.cc",
        "native/src/vectors.cc",
        "native/src/windows.cc",
        "native/src/winograd.cc"
      ],
      "includes": ["native/level.gypi"],
      "actions": [{
        "action_name": "digest",
        "inputs": ["native/digest.mjs", "<!@(node native/digest.mjs list)"],
        "outputs": ["<(INTERMEDIATE_DIR)/digest.h"],
        "action": ["node", "native/digest.mjs", "write", "<@(_outputs)", "<(level)"]
      }],
      "include_dirs": ["<(INTERMEDIATE_DIR)", "<!@(node native/libraries.mjs onednn include)"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-O2"],
      "cflags_cc": ["-std=c++17", "-O3", "-fopenmp", "-fexceptions", "-Wall", "-Wextra", "-fno-math-errno", "-fno-trapping-math"],
      "ldflags": ["-fopenmp"],
      "libraries": ["<!@(node native/libraries.mjs onednn link)"],
      "conditions": [
        ["OS=='mac'", {
          "include_dirs": ["<!@(node native/libraries.mjs openmp include)"],
          "libraries": ["<!@(node native/libraries.mjs openmp link)"],
          "xcode_settings": {"GCC_OPTIMIZATION_LEVEL": "3", "OTHER_CPLUSPLUSFLAGS": ["-Xpreprocessor", "-fopenmp", "-fno-math-errno", "-fno-trapping-math"]}
        }],
        ["OS=='win'", {
          "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["-Xclang", "-fopenmp", "/clang:-O3", "/clang:-fno-math-errno"]}},
          "libraries": ["libomp.lib"]
        }]
      ]
    },
    {
      "target_name": "caffe_images",
      "sources": ["native/src/images.cc", "native/src/jpeg.cc", "native/src/transform.cc"],
      "includes": ["native/level.gypi"],
      "include_dirs": ["<!@(node native/libraries.mjs jpeg include)"],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
      "cflags_cc": ["-std=c++17", "-O3", "-fexceptions", "-ffp-contract=off", "-Wall", "-Wextra"],
      "libraries": ["<!@(node native/libraries.mjs jpeg link)"],
      "conditions": [
        ["OS=='mac'", {"xcode_settings": {"GCC_OPTIMIZATION_LEVEL": "3", "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off"]}}],
        ["OS=='win'", {"msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/clang:-O3", "/clang:-ffp-contract=off"]}}}]
      ]
    }
  ],
  "conditions": [
    # Memory and sockets that processes share: on POSIX systems.
    ["OS!='win'", {
      "targets": [
        {
          "target_name": "caffe_bridge",
          "sources": ["native/src/bridge.cc"],
          "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
          "cflags_cc": ["-std=c++17", "-O2", "-fexceptions", "-Wall", "-Wextra"]
        }
      ]
    }],
    ["'<!(node native/mpi/flags.mjs found)'=='1'", {
      "targets": [
        {
          "target_name": "caffe_mpi",
          "sources": ["native/mpi/mpi.cc", "native/mpi/shared.cc"],
          "include_dirs": ["<!@(node native/mpi/flags.mjs include)"],
          "defines": ["OMPI_SKIP_MPICXX", "MPICH_SKIP_MPICXX"],
          "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
          "cflags_cc": ["-std=c++17", "-O2", "-fexceptions", "-Wall", "-Wextra", "-Wno-cast-function-type"],
          "libraries": ["<!@(node native/mpi/flags.mjs link)"]
        }
      ]
    }]
  ]
}
