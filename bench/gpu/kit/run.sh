#!/bin/sh
# Measures this machine's GPU: ./run.sh --help tells how. Needs a driver, sh, gzip and coreutils; nothing is installed.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/caffe-gpu-kit.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkdir -p "$work/node_modules/webgpu/dist/linux-$(cat "$kit/program/arch")"
gzip -dc "$kit/program/node.gz" > "$work/node"
gzip -dc "$kit/program/dawn.node.gz" > "$work/node_modules/webgpu/dist/linux-$(cat "$kit/program/arch")/dawn.node"
chmod +x "$work/node"
cp "$kit"/program/webgpu/* "$work/node_modules/webgpu/"
cp "$kit"/program/*.mjs "$work/"

# What the system has is taken from it: a driver may need it newer than the kit's.
has() {
  for folder in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    if [ -e "$folder/$1" ]; then return 0; fi
  done
  return 1
}
libraries=${LD_LIBRARY_PATH:-}
for name in libvulkan.so.1 libstdc++.so.6 libgcc_s.so.1; do
  if has "$name"; then continue; fi
  mkdir -p "$work/lib"
  cp "$kit/program/lib/$name" "$work/lib/"
  libraries="$work/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done

# A container with NVIDIA's libraries often lacks the manifest that names them.
manifests=$(ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null || true)
if [ -z "${VK_DRIVER_FILES:-}$manifests" ] && has libGLX_nvidia.so.0; then
  printf '{"file_format_version":"1.0.0","ICD":{"library_path":"libGLX_nvidia.so.0","api_version":"1.3.0"}}' > "$work/nvidia.json"
  export VK_DRIVER_FILES="$work/nvidia.json"
fi

# Which tiles and algorithms are fastest is found anew, and left nowhere.
export XDG_CACHE_HOME="$work/cache"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$work}"
LD_LIBRARY_PATH=$libraries "$work/node" "$work/main.mjs" --kit "$kit" "$@"
