"""OpenCV's dnn behind Python's http.server, with the protocol's binary tensors: one pass a request, as a program of one's own has it.

Run as: python3 opencv_server.py DEPLOY.prototxt NET.caffemodel; prints where it listens.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy

net = cv2.dnn.readNetFromCaffe(sys.argv[1], sys.argv[2])
# A net of OpenCV's holds what it was given last, so passes take turns; each uses all cores.
turn = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        length = int(self.headers["Inference-Header-Content-Length"])
        [tensor] = json.loads(body[:length])["inputs"]
        data = numpy.frombuffer(body, numpy.float32, offset=length).reshape(tensor["shape"])
        with turn:
            net.setInput(data, tensor["name"])
            result = net.forward()
        output = {
            "name": "output",
            "shape": result.shape,
            "datatype": "FP32",
            "parameters": {"binary_data_size": result.nbytes},
        }
        head = json.dumps({"model_name": "opencv", "outputs": [output]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Inference-Header-Content-Length", str(len(head)))
        self.send_header("Content-Length", str(len(head) + result.nbytes))
        self.end_headers()
        self.wfile.write(head + result.tobytes())

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
print(f"Serving on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
server.serve_forever()
