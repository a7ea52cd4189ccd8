// Takes out of oneDNN's source what no addon asks it for: a third of the library, which cmake has no options for; and mends what
// does not bear to be compiled for its size.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Types that no layout of the addons has (see `type_named` in native/src/memory.cc). */
const TYPES = "f16|f8_e5m2|f8_e4m3|f4_e2m1|f4_e3m0|e8m0|s4|u4";

/** Entries of lists whose keys are types, one to a line: `{{f32, f16, 0}, &regular_f32_f16_impl_list_map()},`. */
const LINE_OF_TYPE = new RegExp(String.raw`^ +\{\{[^}\n]*\b(${TYPES})\b[^}\n]*\}, &.*\n`, "gm");

/** The same with a list of their own: `{{forward, f16, f16, f32}, {` to its `}},` below, or `REG_BWD_PK({` to `})},`. */
const LIST_OF_TYPE = new RegExp(
  String.raw`^ {8}\{\{[^}\n]*\b(${TYPES})\b[^}\n]*\}, [\s\S]*?^ {8}\}\)?\},\n`,
  "gm",
);

interface Edit {
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
}

const EDITS: readonly Edit[] = [
  ...["cpu_convolution_list.cpp", "cpu_inner_product_list.cpp"].flatMap((file) => [
    { file, from: LIST_OF_TYPE, to: "" },
    { file, from: /^ +BRGEMM_FP8_\w+\(.*\n/gm, to: "" },
  ]),
  {
    file: "cpu_pooling_list.cpp",
    from: new RegExp(String.raw`^ +CPU_INSTANCE\w*\(\w+<.*\b(${TYPES}|avx|sse41)\b.*>\)\n`, "gm"),
    to: "",
  },
  { file: "reorder/cpu_reorder.cpp", from: LINE_OF_TYPE, to: "" },
  // Weights become bytes from floats alone.
  { file: "reorder/cpu_reorder.cpp", from: /^ +\{\{(bf16|s8), s8, 0\}, &comp_.*\n/gm, to: "" },
  // The addons for x64 are compiled for AVX2 and newer; SSE4.1's and AVX's own products are half of all products.
  { file: "cpu_engine.hpp", from: /(?<=CPU_INSTANCE_SSE41\(\.\.\.\)).*/, to: "" },
  { file: "gemm/gemm.hpp", from: /(?<=__BUILD_GEMM_SSE41 )\(.*\)/, to: "0" },
  {
    file: "x64/gemm/gemm_info.cpp",
    // Products of a matrix and a vector are AVX's on AVX2 too.
    from: /^#if __BUILD_GEMM_AVX2\n +\} else if \(mayiuse\(avx\)\) \{\n(?! +gemv_kernel)[\s\S]*?^#endif\n/gm,
    to: "",
  },
  // Of numbers that are AMX's alone it divides by 0 elsewhere, which ends the process where they are computed before they are needed:
  // so it is with -Os.
  ...["x64/jit_brgemm_conv_utils.cpp", "x64/jit_brgemm_conv_bwd_utils.cpp"].flatMap((file) => [
    {
      file,
      from: /(?<=_ave\s*=\s*)(calc_ave_blk\([^;]*\));/g,
      to: "is_amx(isa) ? $1 : 0.f;",
    },
    { file, from: /(?<=amx_fac\s*=\s*)(?=maskrcnn_cond)/g, to: "!is_amx(isa) ? 0.f : " },
  ]),
  // It fills in a hundred registers, in 24 KB of code, which compilers would copy into each of the kernels.
  {
    file: "x64/xbyak/xbyak.h",
    from: /^(?=\tCodeGenerator\(size_t maxSize)/m,
    to: "#ifdef __GNUC__\n\t__attribute__((noinline))\n#endif\n",
  },
];

/**
 * @param tree oneDNN's source
 * @throws Error where a list is not written as it was
 */
export function trimOnednn(tree: string): void {
  for (const { file, from, to } of EDITS) {
    const path = join(tree, "src/cpu", file);
    const text = readFileSync(path, "utf8");
    const trimmed = text.replace(from, to);
    if (trimmed === text) throw new Error(`${path} has nothing that ${from} takes out.`);
    writeFileSync(path, trimmed);
  }
}
