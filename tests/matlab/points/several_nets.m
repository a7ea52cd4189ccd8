% Several nets at once, each with its own weights and its own input.
a = caffe.Net(small_net('a.prototxt'), 'test');
b = caffe.Net(small_net('b.prototxt'), 'test');
c = caffe.get_net('a.prototxt', 'train');
b.params('conv', 1).set_data(a.params('conv', 1).get_data() + 1);
assert(~isequal(a.params('conv', 1).get_data(), b.params('conv', 1).get_data()));
x = rand([5 4 3 2], 'single');
ra = a.forward({x});
rb = b.forward({2 * x});
assert(~isequal(ra, rb));
assert(isequal(a.forward({x}), ra));
assert(isequal(b.blobs('data').get_data(), 2 * x));
% One goes, and the others stay.
clear a
assert(isequal(b.forward({2 * x}), rb));
assert(size(c.forward({x}){1}), [7 2]);
