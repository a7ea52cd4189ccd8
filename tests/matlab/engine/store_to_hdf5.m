% HDF5 files for HDF5Data layers: made, added to, written over.
addpath(fullfile(fileparts(fileparts(which('caffe.version'))), 'hdf5creation'));
data = rand(5, 4, 3, 6, 'single');
labels = single(reshape(1:12, 2, 6));
[d, l] = store2hdf5('a.h5', data(:, :, :, 1:4), labels(:, 1:4), true, struct('dat', [1 1 1 1], 'lab', [1 1]), 2);
assert(d, [5 4 3 4]);
assert(l, [2 4]);
[d, l] = store2hdf5('a.h5', data(:, :, :, 5), labels(:, 5), false);
assert(d, [5 4 3 5]);
assert(l, [2 5]);
store2hdf5('a.h5', data(:, :, :, 6), labels(:, 6), false, struct('dat', [1 1 1 6], 'lab', [1 6]));
[d, l] = store2hdf5('a.h5', 2 * data(:, :, :, 2:3), labels(:, 2:3) + 100, false, struct('dat', [1 1 1 2], 'lab', [1 2]));
assert(d, [5 4 3 6]);
assert(l, [2 6]);
data(:, :, :, 2:3) = 2 * data(:, :, :, 2:3);
labels(:, 2:3) = labels(:, 2:3) + 100;

write_text('list.txt', 'a.h5');
write_text('net.prototxt', ...
  'layer { name: "data" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "list.txt" batch_size: 6 } }');
net = caffe.Net('net.prototxt', 'test');
net.forward_prefilled();
assert(isequal(net.blobs('data').get_data(), data));
assert(isequal(net.blobs('label').get_data(), labels));

% What is not single is made so; one sample alone; numbers in place of images.
store2hdf5('b.h5', ones(5, 4, 3), 7);
store2hdf5('b.h5', 2 * ones(5, 4, 3), 8, false);
[d, l] = store2hdf5('c.h5', (1:3)', 1);
assert(d, [3 1]);
assert(l, [1 1]);
must_fail(@() store2hdf5('c.h5', ones(3, 4), ones(1, 5)), '4 samples of data and 5 of labels');
must_fail(@() store2hdf5('c.h5', ones(2, 4), ones(1, 4), false), '"data" has rows');
must_fail(@() store2hdf5('none.h5', ones(2, 4), ones(1, 4), false), 'none\.h5');
must_fail(@() store2hdf5('list.txt', ones(2, 4), ones(1, 4), false), 'not an HDF5 file');
must_fail(@() store2hdf5('c.h5', ones(3, 1), 1, false, struct('dat', [2 1], 'lab', [1 1])), 'startloc');
