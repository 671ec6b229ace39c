import type { Operation } from '../operation.js';
import { printTags } from './single-tags.js';
import { findCertificate } from './target.js';

/** What is known of one certificate. `Tags` is a string that holds JSON, unlike everywhere else. */
export const describeCertificate: Operation = (call) => {
  const certificate = findCertificate(call);
  const { region } = call;
  return {
    CertificateId: certificate.id,
    Arn: region.arn('certificate', certificate.id),
    Status: 'ACTIVE',
    KeySpec: 'RSA_2048',
    Issuer: 'CN=Example CA,O=Example,C=CN',
    Subject: 'CN=www.example.com,O=Example,C=CN',
    Serial: certificate.id.replaceAll('-', '').slice(0, 16),
    SignatureAlgorithm: 'SHA256withRSA',
    NotBefore: region.createdAt(certificate),
    NotAfter: '2034-01-08T02:30:00Z',
    CreatedAt: region.createdAt(certificate),
    UpdatedAt: region.createdAt(certificate),
    Tags: JSON.stringify(printTags(call.tagsOf(certificate))),
  };
};
