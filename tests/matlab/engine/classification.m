% The demo, with a net in CaffeNet's place that finds the strongest channel.
addpath(fullfile(fileparts(fileparts(which('caffe.version'))), 'demo'));
write_text('deploy.prototxt', ...
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 10 dim: 3 dim: 227 dim: 227 } } }', ...
  'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }', ...
  'layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 3 } }');
net = caffe.Net('deploy.prototxt', 'test');
net.params('ip', 1).set_data(eye(3));
net.save('bvlc_reference_caffenet.caffemodel');
im = zeros(300, 400, 3, 'uint8');
im(:, :, 1) = 10;
im(:, :, 2) = 250;
[scores, best] = classification_demo(im, false, pwd());
assert(scores, single([-104; 250 - 117; 10 - 123]), 1e-3);
assert(best, 2);
must_fail(@() classification_demo(im, 0, 'nowhere'), 'nowhere');
