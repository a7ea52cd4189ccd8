# What the vector loops are compiled for; `level` is said in binding.gyp.
{
  "conditions": [
    ["level=='native' and target_arch=='x64'", {
      "cflags_cc": ["-march=native", "-mprefer-vector-width=512"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-march=native", "-mprefer-vector-width=512"]},
      "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/clang:-march=native", "/clang:-mprefer-vector-width=512"]}}
    }],
    ["level=='native' and target_arch!='x64'", {
      "cflags_cc": ["-mcpu=native"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-mcpu=native"]}
    }],
    # Word for word what the x86-64 psABI says of its levels: GCC 10 does not know their names.
    ["level=='x86-64-v3' or level=='x86-64-v4'", {
      "cflags_cc": ["-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2", "-mlzcnt", "-mmovbe", "-mpopcnt"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2", "-mlzcnt", "-mmovbe", "-mpopcnt"]},
      "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2", "-mlzcnt", "-mmovbe", "-mpopcnt"]}}
    }],
    ["level=='x86-64-v4'", {
      "cflags_cc": ["-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]},
      "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl", "/clang:-mprefer-vector-width=512"]}}
    }]
  ]
}
