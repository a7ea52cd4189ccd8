% Images and mean files.
red = zeros(2, 3, 3, 'uint8');
red(1, :, 1) = 200;
red(2, 3, 3) = 7;
imwrite(red, 'red.png');
im = caffe.io.load_image('red.png');
assert(class(im), 'single');
assert(size(im), [3 2 3]);
assert(im(:, 1, 3), single([200; 200; 200]));
assert(im(3, 2, 1), single(7));
assert(sum(im(:)), single(607));
imwrite(uint8([1 2 3; 4 5 6]), 'grey.png');
assert(caffe.io.load_image('grey.png'), single([1 4; 2 5; 3 6]));
must_fail(@() caffe.io.load_image('none.png'), 'none\.png');

for shape = {[20 30 3], [4 5], [1 1 3], [3 1]}
  mean_data = 255 * rand(shape{1}, 'single');
  caffe.io.write_mean(mean_data, 'mean.binaryproto');
  assert(isequal(caffe.io.read_mean('mean.binaryproto'), mean_data));
end
must_fail(@() caffe.io.write_mean(rand(3), 'mean.binaryproto'), 'single');
must_fail(@() caffe.io.read_mean('none.binaryproto'), 'none\.binaryproto');
must_fail(@() caffe.io.read_mean('red.png'), 'red\.png');
