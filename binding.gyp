{
  "targets": [
    {
      "target_name": "caffe_native",
      "sources": [
        "native/src/addon.cc",
        "native/src/arithmetic.cc",
        "native/src/channels.cc",
        "native/src/convolution.cc",
        "native/src/copies.cc",
        "native/src/losses.cc",
        "native/src/lrn.cc",
        "native/src/memory.cc",
        "native/src/noise.cc",
        "native/src/pooling.cc",
        "native/src/primitive.cc",
        "native/src/regions.cc",
        "native/src/scores.cc",
        "native/src/suppression.cc",
        "native/src/row-products.cc",
        "native/src/unary.cc",
        "native/src/unit-length.cc",
        "native/src/unpooling.cc",
        "native/src/updates.cc",
        "native/src/vectors.cc",
        "native/src/windows.cc",
        "native/src/winograd.cc"
      ],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": ["NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-O2"],
      "cflags_cc": ["-std=c++17", "-O3", "-march=native", "-fopenmp", "-fexceptions", "-Wall", "-Wextra", "-fno-math-errno", "-fno-trapping-math"],
      "conditions": [["target_arch=='x64'", {"cflags_cc": ["-mprefer-vector-width=512"]}]],
      "ldflags": ["-fopenmp"],
      "libraries": ["-ldnnl"]
    },
    {
      "target_name": "caffe_images",
      "sources": ["native/src/images.cc", "native/src/jpeg.cc", "native/src/transform.cc"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": ["NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL"],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
      "cflags_cc": ["-std=c++17", "-O3", "-march=native", "-fexceptions", "-ffp-contract=off", "-Wall", "-Wextra"],
      "libraries": ["-ljpeg"]
    },
    {
      "target_name": "caffe_bridge",
      "sources": ["native/src/bridge.cc"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": ["NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL"],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
      "cflags_cc": ["-std=c++17", "-O2", "-fexceptions", "-Wall", "-Wextra"]
    }
  ],
  "conditions": [
    ["'<!(node native/mpi/flags.mjs found)'=='1'", {
      "targets": [
        {
          "target_name": "caffe_mpi",
          "sources": ["native/mpi/mpi.cc"],
          "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")", "<!@(node native/mpi/flags.mjs include)"],
          "defines": ["NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL", "OMPI_SKIP_MPICXX", "MPICH_SKIP_MPICXX"],
          "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-O2"],
          "cflags_cc": ["-std=c++17", "-O2", "-fexceptions", "-Wall", "-Wextra", "-Wno-cast-function-type"],
          "libraries": ["<!@(node native/mpi/flags.mjs link)"]
        }
      ]
    }]
  ]
}
