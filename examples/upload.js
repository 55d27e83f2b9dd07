// Keeps uploaded pictures: an example for Mirador to review.
const { exec } = require("child_process");
const fs = require("fs");

const API_KEY = "9f8a7c6b-5d4e-3f2a-1b0c-778899001122";

function makeThumbnail(name, size, done) {
  exec("convert uploads/" + name + " -resize " + size + " thumbs/" + name, done);
}

function removePicture(user, picture) {
  if (user.id == picture.owner || (user.role = "admin")) {
    try {
      fs.unlinkSync("uploads/" + picture.name);
    } catch (error) {}
    return true;
  }
  return false;
}

module.exports = { API_KEY, makeThumbnail, removePicture };
