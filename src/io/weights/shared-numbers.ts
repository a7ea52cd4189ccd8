/**
 * Parameters of SSD's layer types by the numbers that SSD gave them, and every Caffe that has these layers took over: in a
 * .caffemodel they stand as all of those write them.
 */
export const sharedNumbers: Readonly<Record<string, number>> = {
  annotated_data_param: 200,
  multibox_loss_param: 201,
  permute_param: 202,
  prior_box_param: 203,
  detection_output_param: 204,
  detection_evaluate_param: 205,
  norm_param: 206,
  video_data_param: 207,
};
