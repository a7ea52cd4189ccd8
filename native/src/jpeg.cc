// Decodes JPEG through libjpeg-turbo, the library behind OpenCV's imread; every decision is in TypeScript.
#include "images.h"

#include <csetjmp>
#include <cstdio>
#include <string>

// Behind <cstdio>, which it needs.
#include <jerror.h>
#include <jpeglib.h>

namespace caffe {

namespace {

struct Failure {
  jpeg_error_mgr manager;  // first: the library knows it as this
  std::jmp_buf out;
  char text[JMSG_LENGTH_MAX];
};

void fail(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  (*info->err->format_message)(info, failure->text);
  std::longjmp(failure->out, 1);
}

// Of the warnings only the file's end within the image counts: the rest would be grey.
void warn(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) fail(info);
}

// Writes height rows of width pixels in that colour space; the text of what went wrong, or null.
// Nothing here has a destructor: the library leaves by longjmp.
const char* decode(const unsigned char* bytes, size_t length, J_COLOR_SPACE space, unsigned width, unsigned height,
                   unsigned channels, unsigned char* pixels, Failure* failure) {
  jpeg_decompress_struct info;
  info.err = jpeg_std_error(&failure->manager);
  failure->manager.error_exit = fail;
  failure->manager.emit_message = warn;
  jpeg_create_decompress(&info);
  const char* problem = nullptr;
  if (setjmp(failure->out)) {
    problem = failure->text;
  } else {
    jpeg_mem_src(&info, bytes, length);
    jpeg_read_header(&info, TRUE);
    info.out_color_space = space;
    jpeg_start_decompress(&info);
    if (info.output_width != width || info.output_height != height) {
      problem = "its headers tell different sizes";
    } else if (static_cast<unsigned>(info.output_components) != channels) {
      problem = "it has another number of channels";
    } else {
      size_t stride = static_cast<size_t>(width) * info.output_components;
      while (info.output_scanline < height) {
        JSAMPROW row = pixels + info.output_scanline * stride;
        jpeg_read_scanlines(&info, &row, 1);
      }
      jpeg_finish_decompress(&info);
    }
  }
  jpeg_destroy_decompress(&info);
  return problem;
}

// decodeJpeg(bytes, width, height, channels, pixels): 1 grey, 3 blue green red, 4 as stored (CMYK); throws with the cause
Napi::Value Decode(const Napi::CallbackInfo& info) {
  if (!isArray(info[0], napi_uint8_array) || !isArray(info[4], napi_uint8_array)) {
    Napi::Error::New(info.Env(), "arrays of bytes are expected").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto bytes = info[0].As<Napi::Uint8Array>();
  auto width = info[1].As<Napi::Number>().Uint32Value();
  auto height = info[2].As<Napi::Number>().Uint32Value();
  auto channels = info[3].As<Napi::Number>().Uint32Value();
  auto pixels = info[4].As<Napi::Uint8Array>();
  auto space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_EXT_BGR : JCS_CMYK;
  Failure failure;
  const char* problem = "the memory for its pixels is too small";
  // Divided, as the product may have more than 64 bits.
  if (width > 0 && height > 0 && channels <= pixels.ByteLength() / width / height) {
    problem = decode(bytes.Data(), bytes.ByteLength(), space, width, height, channels, pixels.Data(), &failure);
  }
  if (problem) Napi::Error::New(info.Env(), problem).ThrowAsJavaScriptException();
  return info.Env().Undefined();
}

}  // namespace

void InitJpeg(Napi::Env env, Napi::Object exports) {
  exports.Set("decodeJpeg", Napi::Function::New(env, Decode));
}

}  // namespace caffe
