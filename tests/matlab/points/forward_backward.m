% Forward and backward, with arrays given or lying in the blobs, beside the same arithmetic done here.
net = caffe.Net(small_net('net.prototxt'), 'test');
assert(net.inputs, {'data'});
assert(net.outputs, {'ip'});
x = single(randn(5, 4, 3, 2));
res = net.forward({x});
w = net.params('conv', 1).get_data();
bias = net.params('conv', 2).get_data();
conv = zeros(4, 3, 2, 2);
for n = 1:2
  for k = 1:2
    conv(:, :, k, n) = bias(k);
    for c = 1:3
      % Caffe slides the kernel as it is; convn turns it.
      kernel = double(w(end:-1:1, end:-1:1, c, k));
      conv(:, :, k, n) = conv(:, :, k, n) + conv2(double(x(:, :, c, n)), kernel, 'valid');
    end
  end
end
assert(double(net.blobs('conv').get_data()), conv, 1e-4);
wip = double(net.params('ip', 1).get_data());
ip = wip' * reshape(conv, [], 2) + double(net.params('ip', 2).get_data());
assert(double(res{1}), ip, 1e-3);
assert(size(res), [1 1]);

net.blobs('data').set_data(2 * x);
net.forward_prefilled();
assert(~isequal(net.blobs('ip').get_data(), res{1}));

diff = single(randn(7, 2));
back = net.backward({diff});
assert(size(back), [1 1]);
assert(size(back{1}), [5 4 3 2]);
assert(double(net.blobs('conv').get_diff()), reshape(wip * double(diff), [4 3 2 2]), 1e-4);
assert(double(net.params('ip', 2).get_diff()), sum(double(diff), 2), 1e-4);
net.blobs('ip').set_diff(0 * diff);
net.backward_prefilled();
assert(net.blobs('data').get_diff(), zeros(5, 4, 3, 2, 'single'));
