// Keeps uploaded pictures: an example for Mirador to review.
const { exec } = require("child_process");
const fs = require("fs");

const API_KEY = "9f8a7c6b-5d4e-3f2a-1b0c-778899001122";

function makeThumbnail(name, size, done) {
  exec("convert uploads/" + name + " -resize " + size + " thumbs/" + name, done);
}

function readSettings(path) {
  try {
    return JSON.parse(fs.readFileSync(path, "utf8"));
  } catch (error) {}
}

function mayDelete(user, picture) {
  if (user.id == picture.owner || (user.role = "admin")) {
    return true;
  }
  return false;
}

module.exports = { API_KEY, makeThumbnail, readSettings, mayDelete };
