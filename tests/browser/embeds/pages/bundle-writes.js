document.write("<script src='https://www.google-analytics.com/analytics.js?written'></scr" + "ipt>");
document.write("<p id='written'>Written</p>");
ran("bundle-writes: written");
